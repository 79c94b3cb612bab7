#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/async.hpp"
#include "base/secret.hpp"

/// HTTP to everything outside but the Engine (registries, forges, the daemon from the CLI), by libcurl.
namespace slipway {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  HttpRequest(std::string verb, std::string where) : method(std::move(verb)), url(std::move(where)) {}

  std::string method;
  std::string url;      ///< http or https only; credentials in it are refused
  HttpHeaders headers;  ///< a colon or newline in a name, or a newline in a value, is Kind::invalid
  std::string body;
  std::string username;  ///< with `password`: basic authentication; not sent on to another host
  Secret password;
  Secret bearer;        ///< Authorization: Bearer; not sent on to another host; a control character is Kind::invalid
  std::string ca_file;  ///< PEM; empty: the system's
  std::string client_certificate;  ///< PEM file, with `client_key`: who we are, for servers that ask
  std::string client_key;          ///< PEM file
  bool verify = true;              ///< false: whoever answers by TLS is believed; for measurements only
  std::string connect_to;   ///< "address:port" to connect to, whatever the URL's host is, which names it all the same
  std::string unix_socket;  ///< connect there whatever the URL's host is
  bool follow_redirects = true;  ///< at most 5, never from https to http
  Duration connect_timeout = std::chrono::seconds(10);
  Duration timeout = std::chrono::seconds(60);  ///< for the whole exchange; zero: none
  /// For an exchange that may last: without a byte of answer for this long it ends with Kind::timeout. Whole seconds;
  /// noticed up to seven seconds late; zero: none. A line that died is found by TCP's own probes in any case, in
  /// minutes.
  std::chrono::seconds quiet_time{0};
  std::size_t body_limit = 16 << 20;  ///< bytes of answer; more is Kind::too_large
  /// When set, a 2xx body goes here in pieces instead of into the response; returning false ends the transfer.
  std::function<bool(std::string_view)> on_body;
  std::stop_token stop;  ///< ends the transfer with Kind::cancelled within a second
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  ///< names in lower case, of the last answer; trailers are not among them
  std::string body;
  std::string url;  ///< where the last answer came from: the request's, or where redirects led
  [[nodiscard]] std::string header(std::string_view lower_case_name) const;
  [[nodiscard]] bool ok() const { return status >= 200 && status < 300; }
};

/// Blocking. Any HTTP status is a response; only a failed transfer is an Error (unavailable, timeout, too_large …).
/// The headers of all answers, redirects' and trailers among them, may be 1000 lines and 256 KiB; more is
/// Kind::too_large.
Result<HttpResponse> send_http(const HttpRequest& request);

/// The same on a pool thread; unavailable, too, if the pool can have none. Cancelling ends the transfer within a
/// second, and at once if it has not begun.
awaitable<Result<HttpResponse>> send_http(Pool& pool, HttpRequest request);

/// RFC 3986 percent-encoding of one path segment or query value.
std::string percent_encode(std::string_view text);

}  // namespace slipway
