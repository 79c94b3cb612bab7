#pragma once
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// `probe` of `x-slipway`.
void decode_probe(MapReader& map, ProbePolicy& probe, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
