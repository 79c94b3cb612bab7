#pragma once
#include <string>
#include <vector>

#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/compose/service.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// An item of `volumes`, short ("[source:]target[:mode]") or long.
void read_mount(const YamlNode& item, const ComposeRules& rules, std::vector<VolumeMount>& into,
                Diagnostics& diagnostics);
/// An item of `tmpfs`: "path[:options]" with size and mode.
void read_tmpfs(const Placed& item, std::vector<VolumeMount>& into, Diagnostics& diagnostics);

/// Whether the settings let an application see `path` of a host. Compared as written, with '.' and '..' resolved;
/// symbolic links of the host are the host's affair.
bool may_bind(const std::string& path, const ComposeRules& rules);
/// What to say if not.
std::string bind_help(const ComposeRules& rules);

}  // namespace slipway::rollouts
