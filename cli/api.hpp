#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "base/http_client.hpp"
#include "base/json.hpp"
#include "cli/settings.hpp"
#include "cli/sse.hpp"

namespace slipway::cli {

using Query = std::vector<std::pair<std::string, std::string>>;

/// The daemon's HTTP API (docs/api.md). Blocking. An answer that is not 2xx is the Error that its body describes.
class Api {
 public:
  explicit Api(Context context) : context_(std::move(context)) {}

  Result<Json> get(const std::string& path, const Query& query = {}) const;
  /// The same for who waits: a daemon that has answered this object before may be silent for a while (see Patience)
  /// until `stop`, which is Kind::cancelled or the last failure.
  Result<Json> get_patiently(const std::string& path, const Query& query, std::stop_token stop) const;
  Result<Json> post(const std::string& path, const Json& body) const;
  Result<Json> put(const std::string& path, const Json& body) const;
  Result<Json> patch(const std::string& path, const Json& body) const;
  Result<Json> remove(const std::string& path) const;
  /// A body that is not JSON (a log), in pieces as it comes. Two minutes without any are Kind::timeout.
  Result<void> download(const std::string& path, const Query& query, std::function<bool(std::string_view)> take) const;
  /// Follows a server-sent event stream until `take` says false, or `stop`. However the stream ends, or if nothing
  /// comes for 45 s (the daemon says something every 15 s), it goes on behind the last event seen, as long as Patience
  /// lasts.
  Result<void> follow(const std::string& path, const Query& query, std::function<bool(const SseEvent&)> take,
                      std::stop_token stop) const;

  [[nodiscard]] const std::string& url() const { return context_.url; }

 private:
  HttpRequest request(std::string method, const std::string& path, const Query& query) const;
  Result<Json> exchange(HttpRequest request) const;
  Result<Json> send(std::string method, const std::string& path, const Json& body) const;

  Context context_;
  mutable bool answered_ = false;  // once: so the address is right
};

/// `{name}` segments in API paths.
std::string segment(std::string_view text);

}  // namespace slipway::cli
