#pragma once
#include <map>
#include <string>
#include <vector>

#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/proxy_table.hpp"
#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts {

/// What is running on a host under a name as the application's containers have it: name → its address there, empty if
/// it has none.
awaitable<Result<std::map<std::string, std::string>>> addresses_of(docker::Engine* engine, std::string application);

std::vector<std::string> names_in(const std::map<std::string, std::string>& addresses);

/// The services of `backends` that have a route. Kind::failed: one of the containers stopped, or has no address that
/// its host can reach.
Result<ProxyTable::Services> services_from(const std::vector<Backend>& backends,
                                           const std::map<std::string, std::string>& addresses);

}  // namespace slipway::rollouts
