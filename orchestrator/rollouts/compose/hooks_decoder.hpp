#pragma once
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// `hooks` and `migrate` of x-slipway.
void decode_hooks(MapReader& map, Policy& policy, Diagnostics& diagnostics);
void decode_migration(MapReader& map, Policy& policy, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
