#pragma once
#include <optional>

#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// "2" or "25%".
std::optional<Share> read_share(const YamlNode& node, std::string_view what, Diagnostics& diagnostics);

/// The keys of `x-slipway` that say how a new generation spreads: `strategy`, `batch`, `steps`, `step`, `bake` and
/// `switch`. One that the strategy has no use for is an error.
void decode_strategy(MapReader& map, Policy& policy, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
