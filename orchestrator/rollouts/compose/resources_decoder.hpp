#pragma once
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

/// The top level's `networks`, `volumes`, `secrets` and `configs`.
namespace slipway::rollouts {

void decode_networks(MapReader& file, Application& application, Diagnostics& diagnostics);
void decode_volumes(MapReader& file, const ComposeRules& rules, Application& application, Diagnostics& diagnostics);
void decode_file_sources(MapReader& file, Application& application, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
