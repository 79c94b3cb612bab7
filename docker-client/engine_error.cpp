#include "docker-client/engine_error.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::docker {
namespace {

constexpr std::size_t max_message = 2000;

Error::Kind kind_of(int status) {
  switch (status) {
    case 401:
      return Error::Kind::unauthorized;
    case 403:
      return Error::Kind::forbidden;
    case 404:
      return Error::Kind::not_found;
    case 409:
      return Error::Kind::conflict;
    case 413:
      return Error::Kind::too_large;
    case 502:
    case 503:
      return Error::Kind::unavailable;
    case 408:
    case 504:
      return Error::Kind::timeout;
    default:
      return status < 500 ? Error::Kind::invalid : Error::Kind::internal;
  }
}

/// One line without a trailing stop.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text.substr(0, max_message)) {
    const bool blank = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!blank) line += c;
    if (blank && !line.empty() && line.back() != ' ') line += ' ';
  }
  while (!line.empty() && (line.back() == ' ' || line.back() == '.')) line.pop_back();
  return line;
}

}  // namespace

Error engine_error(int status, std::string_view body) {
  std::string message;
  if (Result<Json> json = parse_json(body))
    message = one_line(text_at(*json, "message"));
  else
    message = one_line(body);
  if (message.empty()) message = "the engine answered " + std::to_string(status) + " and nothing more";
  return Error(kind_of(status), std::move(message));
}

}  // namespace slipway::docker
