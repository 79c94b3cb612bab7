#pragma once
#include <string>

#include "base/async.hpp"
#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/adoption.hpp"

namespace slipway::rollouts::swarm {

/// What a swarm carries of an application, whichever installation made it: services with their records, and the record
/// of the promoted generation, which is kept as a config.
awaitable<Result<Traces>> traces_of(docker::Engine* manager, std::string swarm, std::string application);

}  // namespace slipway::rollouts::swarm
