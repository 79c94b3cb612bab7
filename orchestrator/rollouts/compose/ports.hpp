#pragma once
#include <vector>

#include "orchestrator/rollouts/compose/service.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// An item of `ports`, short ("[ip:][published:]target[/protocol]", ranges allowed) or long. Ranges of the same length
/// on both sides become single mappings; a range for one target port stays one, for the Engine to choose from.
void read_port(const YamlNode& item, std::vector<PortMapping>& into, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
