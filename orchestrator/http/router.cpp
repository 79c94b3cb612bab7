#include "orchestrator/http/router.hpp"

namespace slipway::http {
namespace {

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  while (true) {
    const auto slash = path.find('/');
    parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

bool is_parameter(const std::string& segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// The parameters, if `path` fits `pattern`.
std::optional<std::map<std::string, std::string>> fit(const std::vector<std::string>& pattern,
                                                      const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  std::map<std::string, std::string> parameters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const auto decoded = percent_decode(path[i], false);
    if (!decoded) return std::nullopt;
    if (!is_parameter(pattern[i])) {
      if (*decoded != pattern[i]) return std::nullopt;
      continue;
    }
    if (decoded->empty()) return std::nullopt;
    parameters.emplace(pattern[i].substr(1, pattern[i].size() - 2), *decoded);
  }
  return parameters;
}

}  // namespace

void Router::add(Route route) {
  segments_.push_back(split(route.pattern));
  routes_.push_back(std::move(route));
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  Match match;
  if (!path.starts_with('/')) return match;
  const auto parts = split(path);
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto parameters = fit(segments_[i], parts);
    if (!parameters) continue;
    const Route& route = routes_[i];
    match.allow += (match.allow.empty() ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
    if (route.method != wanted) continue;
    match.route = &route;
    match.parameters = std::move(*parameters);
  }
  if (!match.allow.empty()) match.allow += ", OPTIONS";
  return match;
}

}  // namespace slipway::http
