#pragma once
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// `approval` of x-slipway.
void decode_approval(MapReader& map, Policy& policy, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
