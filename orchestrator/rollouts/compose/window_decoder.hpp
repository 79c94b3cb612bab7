#pragma once
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// `window` of x-slipway: one, or a list of them.
void decode_windows(MapReader& map, const ComposeRules& rules, Policy& policy, Diagnostics& diagnostics);

/// "09:00", up to "24:00".
std::optional<std::chrono::minutes> parse_minute(std::string_view text);
/// "2026-12-24".
std::optional<std::chrono::local_days> parse_date(std::string_view text);

}  // namespace slipway::rollouts
