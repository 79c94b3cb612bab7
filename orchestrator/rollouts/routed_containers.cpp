#include "orchestrator/rollouts/routed_containers.hpp"

#include <algorithm>

#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts {

awaitable<Result<RunningContainers>> running_of(docker::Engine* engine, std::string application) {
  docker::ListContainers labelled;
  labelled.all = false;
  labelled.filters.label(std::string(label::application), application);
  // An application that was adopted has containers that carry none of our labels.
  docker::ListContainers named;
  named.all = false;
  named.filters.add("name", "^/?" + application + "-");
  RunningContainers running;
  const std::vector<docker::ListContainers> both{labelled, named};
  for (const docker::ListContainers& what : both) {
    auto listed = co_await engine->containers().list(what);
    if (!listed) co_return fail(listed.error());
    for (const docker::ContainerSummary& one : *listed) {
      running.ids[one.name] = one.id;
      std::string& address = running.addresses[one.name];
      for (const auto& [network, endpoint] : one.networks) {
        if (address.empty()) address = endpoint.ipv4;
      }
    }
  }
  co_return running;
}

std::vector<std::string> RunningContainers::names() const {
  std::vector<std::string> all;
  all.reserve(addresses.size());
  for (const auto& [name, address] : addresses) all.push_back(name);
  return all;
}

Result<ProxyTable::Services> services_from(const std::vector<Backend>& backends, const RunningContainers& running) {
  ProxyTable::Services services;
  for (const Backend& backend : backends) {
    if (!backend.route) continue;
    const auto address = running.addresses.find(backend.container);
    if (address == running.addresses.end())
      return fail(Error::Kind::failed, "container " + backend.container + " stopped");
    if (address->second.empty()) {
      return fail(Error::Kind::failed, "container " + backend.container + " has no address that its host can reach",
                  "put it in a bridge network");
    }
    auto found = std::find_if(services.begin(), services.end(),
                              [&](const ProxyService& one) { return one.service == backend.service; });
    if (found == services.end()) found = services.insert(found, {backend.service, *backend.route, {}});
    found->servers.push_back({backend.container, address->second, std::nullopt, even_weight});
    found->servers.back().id = running.ids.at(backend.container);
  }
  return services;
}

}  // namespace slipway::rollouts
