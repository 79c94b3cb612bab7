#include "orchestrator/http/message.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

namespace slipway::http {
namespace {

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int> hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const auto high = hex_value(text[i + 1]);
    const auto low = hex_value(text[i + 2]);
    if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

std::string_view Request::header(std::string_view lower_case_name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == lower_case_name; });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<std::string> Request::argument(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) != name) continue;
    return percent_decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
  }
  return std::nullopt;
}

Result<std::int64_t> Request::number_argument(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                              std::int64_t most) const {
  const auto text = argument(name);
  if (!text) return otherwise;
  const auto value = whole_number(*text);
  if (value && *value >= least && *value <= most) return *value;
  return fail(Error::Kind::invalid, std::string(name) + " has to be a whole number from " + std::to_string(least) +
                                        " to " + std::to_string(most));
}

Result<std::int64_t> Request::id_parameter(const std::string& name) const {
  const auto value = whole_number(parameter(name));
  if (value && *value > 0) return *value;
  return fail(Error::Kind::not_found, "no such " + name, "it is named by its number");
}

bool Request::accepts(std::string_view media_type) const {
  return header("accept").find(media_type) != std::string_view::npos;
}

int status_of(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::invalid:
      return 400;
    case Error::Kind::unauthorized:
      return 401;
    case Error::Kind::forbidden:
      return 403;
    case Error::Kind::not_found:
      return 404;
    case Error::Kind::conflict:
      return 409;
    case Error::Kind::too_large:
      return 413;
    case Error::Kind::failed:
      return 422;
    case Error::Kind::internal:
      return 500;
    case Error::Kind::protocol:
      return 502;
    case Error::Kind::cancelled:
    case Error::Kind::unavailable:
      return 503;
    case Error::Kind::timeout:
      return 504;
  }
  return 500;
}

Response json_response(const Json& body, int status) {
  Response response;
  response.status = status;
  response.body = dump_json(body);
  response.body += '\n';
  return response;
}

Response text_response(std::string body, std::string content_type) {
  Response response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  return response;
}

Response error_response(int status, std::string_view kind, std::string_view message, std::string_view hint,
                        std::string_view request_id) {
  const Json error = {{"kind", kind}, {"message", message}, {"hint", hint}, {"request_id", request_id}};
  Response response = json_response({{"error", error}}, status);
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"slipway\"");
  if (status == 503) response.headers.emplace_back("Retry-After", "5");
  return response;
}

Response error_response(const Error& error, std::string_view request_id) {
  return error_response(status_of(error.kind), name_of(error.kind), error.message, error.hint, request_id);
}

}  // namespace slipway::http
