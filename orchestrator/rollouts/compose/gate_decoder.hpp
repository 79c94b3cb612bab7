#pragma once
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// `gate` of x-slipway: what new containers, and metrics, must show.
void decode_gates(MapReader& map, const ComposeRules& rules, Policy& policy, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
