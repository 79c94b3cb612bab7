#pragma once
#include <map>
#include <string>
#include <vector>

#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/proxy_table.hpp"
#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts {

/// An application's running containers on a host, by the names that they have now.
struct RunningContainers {
  std::map<std::string, std::string> addresses;  ///< empty: none that its host can reach
  std::map<std::string, std::string> ids;

  [[nodiscard]] std::vector<std::string> names() const;
};

/// Told by their labels, whatever they are called by now, or by a name as the application's containers have it.
awaitable<Result<RunningContainers>> running_of(docker::Engine* engine, std::string application);

/// The services of `backends` that have a route. Kind::failed: one of the containers stopped, or has no address that
/// its host can reach.
Result<ProxyTable::Services> services_from(const std::vector<Backend>& backends, const RunningContainers& running);

}  // namespace slipway::rollouts
