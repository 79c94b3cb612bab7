#pragma once
#include <string>
#include <vector>

#include "orchestrator/rollouts/proxy_table.hpp"

namespace slipway::rollouts {

/// Which requests go to a service.
struct ProxyRule {
  std::string host;  ///< "*.example.org" for all below it; empty: any
  std::string path;  ///< it and what is below it
  std::string application;
  std::string service;
  std::string tls;
  bool serves = true;  ///< it has a server that gets requests
};

/// One for each host name of each service. The most exact come first: names before wildcards before any host, then the
/// longer path, then services that serve before those that only drain.
std::vector<ProxyRule> rules_of(const ProxyTable& table);

/// Host names, "*." ones too, whose requests are nobody's where none of their own rules takes them: those that another
/// application has than the one with "any host". The most exact come first.
std::vector<std::string> closed_hosts(const std::vector<ProxyRule>& rules);

/// 0 for a name, 1 for a wildcard, 2 for any host.
int rank_of_host(const std::string& host);

}  // namespace slipway::rollouts
