#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/async.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "orchestrator/store/tokens.hpp"

/// Requests and responses as the handlers see them: no sockets, no Beast.
namespace slipway::http {

/// Whose token a request carries.
struct Caller {
  TokenId token;
  std::string name;
  store::Role role = store::Role::viewer;
  std::vector<std::string> roles;  ///< all it has, that one included
};

struct Request {
  Request() = default;
  std::string method;                                        ///< HEAD has become GET
  std::string path;                                          ///< as it came, without the query
  std::string query;                                         ///< as it came
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case
  std::string body;                                          ///< whole; within the route's limit
  std::string peer;                                          ///< the client's address, "unix" on a Unix socket
  std::string id;                                            ///< X-Request-Id
  std::map<std::string, std::string> parameters;             ///< of the route's pattern, decoded
  Caller caller;                                             ///< names nobody on open routes

  /// The first header of that name; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
  /// The first query parameter of that name, decoded.
  [[nodiscard]] std::optional<std::string> argument(std::string_view name) const;
  /// The same as a whole number from `least` to `most`; `otherwise` if absent, Kind::invalid if it is no such number.
  [[nodiscard]] Result<std::int64_t> number_argument(std::string_view name, std::int64_t otherwise, std::int64_t least,
                                                     std::int64_t most) const;
  [[nodiscard]] const std::string& parameter(const std::string& name) const { return parameters.at(name); }
  /// A parameter that is a record's number; not_found if it is no positive number, since nothing has such a name.
  [[nodiscard]] Result<std::int64_t> id_parameter(const std::string& name) const;
  /// True if `Accept` names the media type.
  [[nodiscard]] bool accepts(std::string_view media_type) const;
};

/// A body that is made while it is sent. Destroyed when the client is gone.
class Stream {
 public:
  virtual ~Stream() = default;
  /// The next piece, never empty but at the end. Must give something (a comment) at least every 15 s.
  virtual awaitable<Result<std::string>> next() = 0;
};

struct Response {
  Response() = default;
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;  ///< beside those that every answer carries
  std::string body;
  std::unique_ptr<Stream> stream;  ///< instead of `body`
};

Response json_response(const Json& body, int status = 200);
Response text_response(std::string body, std::string content_type = "text/plain; charset=utf-8");
/// `{error: {kind, message, hint, request_id}}` with the status that the kind means.
Response error_response(const Error& error, std::string_view request_id);
/// The same for what has no Error::Kind (405, 429, 431).
Response error_response(int status, std::string_view kind, std::string_view message, std::string_view hint,
                        std::string_view request_id);
int status_of(Error::Kind kind);

/// Percent-decoding of one path segment or, with '+' as a space, of one query value; nothing if it is malformed or
/// holds a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace slipway::http
