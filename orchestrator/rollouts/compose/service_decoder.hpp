#pragma once
#include <string>
#include <vector>

#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/compose/service.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// One entry of `services`, as a swarm means it if `for_swarm`. What `deploy.update_config` says goes to the whole
/// application: it is left in `update`.
Service decode_service(const std::string& name, const YamlNode& node, const ComposeRules& rules, bool for_swarm,
                       const YamlNode*& update, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
