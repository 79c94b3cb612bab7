#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/async.hpp"

/// One request to the Engine and its answer.
namespace slipway::docker {

using Headers = std::vector<std::pair<std::string, std::string>>;

/// Bytes that come in pieces: a tar that is being written, a file that is being read. One caller at a time.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  /// The next piece; an empty one is the end. An error ends the request that sends it.
  virtual awaitable<Result<std::string>> next() = 0;
};

struct Request {
  /// `path` begins with '/' and has no version; its segments are already percent-encoded.
  Request(std::string verb, std::string where) : method(std::move(verb)), path(std::move(where)) {}

  Request& with(std::string name, std::string value) {
    query.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Request& header(std::string name, std::string value) {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Request& json(std::string text) {
    body = std::move(text);
    content_type = "application/json";
    return *this;
  }

  std::string method;
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;  ///< not encoded yet
  Headers headers;                                         ///< a line break in one is Kind::invalid
  std::string content_type;                                ///< sent if there is a body
  std::string body;
  std::unique_ptr<ByteSource> source;  ///< sent chunked instead of `body`; such a request is never repeated
  bool versioned = true;               ///< false: without the "/v1.NN" in front
  /// How long the answer's headers may take once the request is sent (and, in Transport::request, each next piece of
  /// its body); zero: the transport's own. An engine that must first wait (stop with a grace) needs more.
  Duration patience{};
};

/// Patience with what begins to answer once the Engine has unpacked a context, pulled or pushed.
constexpr Duration slow_start = std::chrono::minutes(5);
/// Patience with what a swarm's managers have to agree on.
constexpr Duration swarm_patience = std::chrono::seconds(20);

struct Response {
  int status = 0;
  Headers headers;  ///< names in lower case
  std::string body;
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
};

/// The first value of `lower_case_name`, or empty.
std::string_view find_header(const Headers& headers, std::string_view lower_case_name);

/// "1.41", compared by number.
struct ApiVersion {
  int major = 1;
  int minor = 0;
  friend constexpr auto operator<=>(const ApiVersion&, const ApiVersion&) = default;
  [[nodiscard]] std::string text() const { return std::to_string(major) + "." + std::to_string(minor); }
};
std::optional<ApiVersion> parse_api_version(std::string_view text);

}  // namespace slipway::docker
