#pragma once
#include <string>
#include <vector>

#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// Whether the file's target (`group`, else x-slipway.targets) is one of `swarms`. One beside other targets is an
/// error.
bool is_for_swarm(const YamlNode& root, const std::string& group, const std::vector<std::string>& swarms,
                  Diagnostics& diagnostics);

/// Reports what the file asks for that slipway and hosts can do together, and a swarm can't, with what to do instead.
void refuse_for_swarm(const YamlNode& root, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
