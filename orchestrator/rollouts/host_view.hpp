#pragma once
#include <string>
#include <vector>

#include "base/async.hpp"
#include "docker-client/containers.hpp"
#include "orchestrator/rollouts/difference.hpp"

namespace slipway::rollouts {

/// The containers of `application` that this installation made on an Engine, running or not, told by their labels.
/// A paused or restarting one counts as running: it holds its ports and volumes.
awaitable<Result<std::vector<Shown>>> look_at_host(docker::Containers& containers, std::string instance,
                                                   std::string application);

Shown shown_from(const docker::ContainerSummary& summary);

}  // namespace slipway::rollouts
