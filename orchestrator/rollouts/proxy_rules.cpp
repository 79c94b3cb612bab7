#include "orchestrator/rollouts/proxy_rules.hpp"

#include <algorithm>

namespace slipway::rollouts {
namespace {

bool before(const ProxyRule& a, const ProxyRule& b) {
  if (rank_of_host(a.host) != rank_of_host(b.host)) return rank_of_host(a.host) < rank_of_host(b.host);
  if (a.host.size() != b.host.size()) return a.host.size() > b.host.size();
  if (a.host != b.host) return a.host < b.host;
  if (a.path.size() != b.path.size()) return a.path.size() > b.path.size();
  if (a.path != b.path) return a.path < b.path;
  return a.serves && !b.serves;
}

}  // namespace

int rank_of_host(const std::string& host) {
  if (host.empty()) return 2;
  return host.starts_with('*') ? 1 : 0;
}

std::vector<ProxyRule> rules_of(const ProxyTable& table) {
  std::vector<ProxyRule> rules;
  for (const auto& [application, services] : table.applications()) {
    for (const ProxyService& service : services) {
      ProxyRule rule{{}, service.route.path, application, service.service, service.route.tls, serves(service)};
      if (service.route.hosts.empty()) rules.push_back(rule);
      for (const std::string& host : service.route.hosts) {
        rule.host = host;
        rules.push_back(rule);
      }
    }
  }
  std::stable_sort(rules.begin(), rules.end(), before);
  return rules;
}

std::vector<std::string> closed_hosts(const std::vector<ProxyRule>& rules) {
  std::vector<std::string> hosts;
  // The last rule of a host has its shortest path, and the last of all is for any host, if one is.
  for (std::size_t i = 0; i + 1 < rules.size(); ++i) {
    const ProxyRule& rule = rules[i];
    const bool last = rules[i + 1].host != rule.host;
    if (last && !rule.host.empty() && rule.path != "/" && rules.back().host.empty() &&
        rules.back().application != rule.application) {
      hosts.push_back(rule.host);
    }
  }
  return hosts;
}

}  // namespace slipway::rollouts
