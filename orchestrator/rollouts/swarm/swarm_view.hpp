#pragma once
#include <string>
#include <vector>

#include "base/async.hpp"
#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/swarm/verdict.hpp"

namespace slipway::rollouts::swarm {

/// The services of `application` that this installation made in a swarm, told by their labels, with their tasks.
awaitable<Result<std::vector<ServiceView>>> look_at_services(docker::Engine* manager, std::string instance,
                                                             std::string application);
/// One of them, by name. Kind::not_found if there is none.
awaitable<Result<ServiceView>> look_at_service(docker::Engine* manager, std::string name);

awaitable<Result<NodeNames>> node_names(docker::Engine* manager);

}  // namespace slipway::rollouts::swarm
