#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/http/message.hpp"

namespace slipway::http {

using Handler = std::function<awaitable<Result<Response>>(Request)>;

struct Route {
  std::string method;               ///< GET (also answers HEAD), POST, PUT, PATCH or DELETE
  std::string pattern;              ///< "/api/v1/runs/{run}": a parameter is a whole segment
  std::optional<store::Role> role;  ///< least role that may; nothing: open to all
  Handler handler;
  std::size_t body_limit = 1 << 20;  ///< bytes; more is 413 before it is read
};

/// The table of what the server answers. Filled before it starts, then only read.
class Router {
 public:
  struct Match {
    const Route* route = nullptr;
    std::map<std::string, std::string> parameters;
    std::string allow;  ///< the methods the path knows, for 405 and OPTIONS; empty: no such path
  };

  void add(Route route);
  /// `path` is as it came: segments are decoded after they are split, so "%2F" is no separator.
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  std::vector<std::vector<std::string>> segments_;  // of each route's pattern
};

}  // namespace slipway::http
