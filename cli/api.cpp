#include "cli/api.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "cli/patience.hpp"

namespace slipway::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto quiet_stream = 45s;     // three of the heartbeats that docs/api.md promises
constexpr auto quiet_download = 2min;  // the daemon takes up to a minute before a backup's first byte

Error::Kind kind_of_status(int status) {
  switch (status) {
    case 400:
    case 422:
      return Error::Kind::invalid;
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
    default:
      return status >= 500 ? Error::Kind::unavailable : Error::Kind::protocol;
  }
}

Error error_of(const HttpResponse& response, const std::string& url) {
  const Result<Json> body = parse_json(response.body);
  const Json none;
  const Json& described = body ? value_at(*body, "error") : none;
  Error error(kind_of_status(response.status), text_at(described, "message"), text_at(described, "hint"));
  if (error.message.empty()) error.message = url + " answered " + std::to_string(response.status);
  if (error.kind == Error::Kind::unauthorized && error.hint.empty())
    error.hint = "run 'slipway login', or set SLIPWAY_TOKEN";
  return error;
}

/// Why a stream ended. A daemon that stops ends its streams properly, so that is no more than a lost connection.
Error failure_of(const Result<HttpResponse>& response, const std::string& url) {
  if (!response) return response.error();
  if (!response->ok()) return error_of(*response, url);
  return {Error::Kind::unavailable, url + " ended before its time"};
}

}  // namespace

std::string segment(std::string_view text) {
  return percent_encode(text);
}

HttpRequest Api::request(std::string method, const std::string& path, const Query& query) const {
  std::string url = context_.url + path;
  char separator = '?';
  for (const auto& [name, value] : query) {
    if (value.empty()) continue;
    url += separator + percent_encode(name) + "=" + percent_encode(value);
    separator = '&';
  }
  HttpRequest request(std::move(method), std::move(url));
  request.bearer = context_.token;
  request.ca_file = context_.ca_file;
  return request;
}

Result<Json> Api::exchange(HttpRequest request) const {
  Result<HttpResponse> response = send_http(request);
  if (!response) {
    Error error = response.error();
    if (error.kind == Error::Kind::unavailable && error.hint.empty()) {
      error.hint =
          "is slipwayd running at " + context_.url + "? Another address: --url, SLIPWAY_URL or 'slipway login'";
    }
    return fail(std::move(error));
  }
  answered_ = true;
  if (!response->ok()) return fail(error_of(*response, request.url));
  if (response->body.empty()) return Json();
  Result<Json> json = parse_json(response->body);
  if (!json)
    return fail(Error::Kind::protocol, request.url + " did not answer with JSON", "is this address a slipwayd?");
  return json;
}

Result<Json> Api::get(const std::string& path, const Query& query) const {
  return exchange(request("GET", path, query));
}

Result<Json> Api::get_patiently(const std::string& path, const Query& query, std::stop_token stop) const {
  Patience patience;
  for (;;) {
    HttpRequest asking = request("GET", path, query);
    asking.stop = stop;
    Result<Json> answer = exchange(std::move(asking));
    if (answer || !answered_ || !patience.try_again(answer.error(), stop)) return answer;
  }
}

Result<Json> Api::send(std::string method, const std::string& path, const Json& body) const {
  HttpRequest with_body = request(std::move(method), path, {});
  with_body.headers.emplace_back("Content-Type", "application/json");
  with_body.body = dump_json(body);
  return exchange(std::move(with_body));
}

Result<Json> Api::post(const std::string& path, const Json& body) const {
  return send("POST", path, body);
}

Result<Json> Api::put(const std::string& path, const Json& body) const {
  return send("PUT", path, body);
}

Result<Json> Api::patch(const std::string& path, const Json& body) const {
  return send("PATCH", path, body);
}

Result<Json> Api::remove(const std::string& path) const {
  return exchange(request("DELETE", path, {}));
}

Result<void> Api::download(const std::string& path, const Query& query,
                           std::function<bool(std::string_view)> take) const {
  HttpRequest streamed = request("GET", path, query);
  streamed.timeout = Duration::zero();
  streamed.quiet_time = quiet_download;
  streamed.on_body = std::move(take);
  Result<HttpResponse> response = send_http(streamed);
  if (!response) return fail(response.error());
  if (!response->ok()) return fail(error_of(*response, streamed.url));
  return {};
}

Result<void> Api::follow(const std::string& path, const Query& query, std::function<bool(const SseEvent&)> take,
                         std::stop_token stop) const {
  Patience patience;
  std::string last_id;
  for (bool wanted = true;;) {
    SseParser parser([&](const SseEvent& event) {
      if (!event.id.empty()) last_id = event.id;
      wanted = wanted && take(event);
    });
    HttpRequest streamed = request("GET", path, query);
    streamed.headers.emplace_back("Accept", "text/event-stream");
    if (!last_id.empty()) streamed.headers.emplace_back("Last-Event-ID", last_id);
    streamed.timeout = Duration::zero();
    streamed.quiet_time = quiet_stream;
    streamed.stop = stop;
    streamed.on_body = [&](std::string_view bytes) {
      patience.answered();
      return parser.feed(bytes) && wanted;
    };
    const Result<HttpResponse> response = send_http(streamed);
    if (!wanted || stop.stop_requested()) return {};
    const Error failure = failure_of(response, streamed.url);
    if (!patience.try_again(failure, stop)) return stop.stop_requested() ? Result<void>() : fail(failure);
  }
}

}  // namespace slipway::cli
