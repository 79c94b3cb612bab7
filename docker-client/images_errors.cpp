#include "docker-client/images_errors.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace slipway::docker {
namespace {

struct Symptom {
  std::string_view text;  // lower case
  Error::Kind kind;
};

/// The first match decides: the more telling ones stand first.
constexpr std::array symptoms{
    Symptom{"pull access denied", Error::Kind::not_found},
    Symptom{"no basic auth credentials", Error::Kind::unauthorized},
    Symptom{"no active sessions", Error::Kind::unauthorized},  // BuildKit would have asked us for credentials
    Symptom{"unauthorized", Error::Kind::unauthorized},
    Symptom{"authentication required", Error::Kind::unauthorized},
    Symptom{"incorrect username or password", Error::Kind::unauthorized},
    Symptom{"denied", Error::Kind::forbidden},
    Symptom{"403 forbidden", Error::Kind::forbidden},
    Symptom{"toomanyrequests", Error::Kind::unavailable},
    Symptom{"too many requests", Error::Kind::unavailable},
    Symptom{"received unexpected http status: 5", Error::Kind::unavailable},
    Symptom{"no such host", Error::Kind::unavailable},
    Symptom{"server misbehaving", Error::Kind::unavailable},
    Symptom{"temporary failure in name resolution", Error::Kind::unavailable},
    Symptom{"connection refused", Error::Kind::unavailable},
    Symptom{"connection reset", Error::Kind::unavailable},
    Symptom{"broken pipe", Error::Kind::unavailable},
    Symptom{"no route to host", Error::Kind::unavailable},
    Symptom{"network is unreachable", Error::Kind::unavailable},
    Symptom{"timeout", Error::Kind::unavailable},
    Symptom{"deadline exceeded", Error::Kind::unavailable},
    Symptom{"unexpected eof", Error::Kind::unavailable},
    Symptom{": eof", Error::Kind::unavailable},
    Symptom{"context canceled", Error::Kind::unavailable},
    Symptom{"manifest unknown", Error::Kind::not_found},
    Symptom{"name unknown", Error::Kind::not_found},
    Symptom{"not found", Error::Kind::not_found},
    Symptom{"does not exist", Error::Kind::not_found},
    Symptom{"invalid reference format", Error::Kind::invalid},
};

std::string_view hint_for(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::unauthorized:
      return "check the registry's credentials in the settings";
    case Error::Kind::forbidden:
      return "the registry's account lacks the right to do this";
    default:
      return {};
  }
}

/// One line of at most 2000 characters: registries answer with whole pages at times.
std::string one_line(std::string text) {
  constexpr std::size_t limit = 2'000;
  if (text.size() > limit) text.resize(limit);
  std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
  return text;
}

}  // namespace

std::string error_in(const Json& value) {
  const std::string detail = text_at(value_at(value, "errorDetail"), "message");
  return detail.empty() ? text_at(value, "error") : detail;
}

Error registry_error(std::string message) {
  const std::string lower = lower_case(message);
  const auto found = std::find_if(symptoms.begin(), symptoms.end(),
                                  [&](const Symptom& s) { return lower.find(s.text) != std::string::npos; });
  const auto kind = found == symptoms.end() ? Error::Kind::failed : found->kind;
  return {kind, one_line(std::move(message)), std::string(hint_for(kind))};
}

Error registry_error(Error error) {
  if (error.kind != Error::Kind::internal) return error;
  Error exact = registry_error(error.message);
  return exact.kind == Error::Kind::failed ? error : exact;
}

}  // namespace slipway::docker
