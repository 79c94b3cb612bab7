#pragma once
#include <vector>

#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// `deploy.update_config` of all services as one: hosts are updated whole, so the most careful word counts (smallest
/// batch, longest delay, rollback before pause before continue).
void decode_update_configs(const std::vector<const YamlNode*>& nodes, Policy& policy, Diagnostics& diagnostics);

/// `x-slipway`; what it says counts more than `update_config`.
void decode_x_slipway(const YamlNode& node, const ComposeRules& rules, Policy& policy, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
