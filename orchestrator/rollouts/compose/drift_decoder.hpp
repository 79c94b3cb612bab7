#pragma once
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// `drift` of `x-slipway`: a word, or a map of `action` and `interval`.
void decode_drift(MapReader& map, DriftPolicy& drift, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
