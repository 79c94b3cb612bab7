#include "images/registry_error.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::images {
namespace {

constexpr std::size_t kMaxWords = 300;

Error::Kind kind_of(int status) {
  switch (status) {
    case 401:
      return Error::Kind::unauthorized;
    case 403:
      return Error::Kind::forbidden;
    case 404:
      return Error::Kind::not_found;
    case 408:
    case 429:
      return Error::Kind::unavailable;
    default:
      break;
  }
  if (status >= 500) return Error::Kind::unavailable;
  return status >= 400 ? Error::Kind::invalid : Error::Kind::protocol;
}

std::string printable(std::string text) {
  std::replace_if(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, ' ');
  if (text.size() > kMaxWords) text.resize(kMaxWords);
  return text;
}

std::string words_of(const HttpResponse& response) {
  const Result<Json> body = parse_json(response.body);
  if (!body) return {};
  const Json& errors = value_at(*body, "errors");
  if (!errors.is_array() || errors.empty()) return printable(text_at(*body, "details"));
  const std::string code = text_at(errors.front(), "code");
  const std::string message = text_at(errors.front(), "message");
  return printable(code.empty() || message.empty() ? code + message : code + ", " + message);
}

std::string hint_of(const HttpResponse& response) {
  const std::string wait = response.header("retry-after");
  const bool seconds = !wait.empty() && wait.size() < 10 && wait.find_first_not_of("0123456789") == std::string::npos;
  if (seconds) return "the registry asks to wait " + wait + " s";
  return wait.empty() ? "" : "the registry asks to wait until " + printable(wait);
}

}  // namespace

Error registry_error(const HttpResponse& response) {
  std::string message = "the registry answered " + std::to_string(response.status);
  if (const std::string words = words_of(response); !words.empty()) message += ": " + words;
  return {kind_of(response.status), std::move(message), hint_of(response)};
}

}  // namespace slipway::images
