#include "orchestrator/rollouts/routed_containers.hpp"

#include <algorithm>

namespace slipway::rollouts {

awaitable<Result<std::map<std::string, std::string>>> addresses_of(docker::Engine* engine, std::string application) {
  docker::ListContainers what;
  what.all = false;
  // Not by label: an application that was adopted has containers that carry none of ours.
  what.filters.add("name", "^/?" + application + "-");
  auto listed = co_await engine->containers().list(std::move(what));
  if (!listed) co_return fail(listed.error());
  std::map<std::string, std::string> addresses;
  for (const docker::ContainerSummary& one : *listed) {
    std::string& address = addresses[one.name];
    for (const auto& [network, endpoint] : one.networks) {
      if (address.empty()) address = endpoint.ipv4;
    }
  }
  co_return addresses;
}

std::vector<std::string> names_in(const std::map<std::string, std::string>& addresses) {
  std::vector<std::string> names;
  names.reserve(addresses.size());
  for (const auto& [name, address] : addresses) names.push_back(name);
  return names;
}

Result<ProxyTable::Services> services_from(const std::vector<Backend>& backends,
                                           const std::map<std::string, std::string>& addresses) {
  ProxyTable::Services services;
  for (const Backend& backend : backends) {
    if (!backend.route) continue;
    const auto address = addresses.find(backend.container);
    if (address == addresses.end()) return fail(Error::Kind::failed, "container " + backend.container + " stopped");
    if (address->second.empty()) {
      return fail(Error::Kind::failed, "container " + backend.container + " has no address that its host can reach",
                  "put it in a bridge network");
    }
    auto found = std::find_if(services.begin(), services.end(),
                              [&](const ProxyService& one) { return one.service == backend.service; });
    if (found == services.end()) found = services.insert(found, {backend.service, *backend.route, {}});
    found->servers.push_back({backend.container, address->second, std::nullopt, even_weight});
  }
  return services;
}

}  // namespace slipway::rollouts
