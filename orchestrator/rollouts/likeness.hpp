#pragma once
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace slipway::rollouts {

/// In what a container is not what another one is that was made from a Compose file for comparison, both as the Engine
/// inspects them (GET /containers/{id}/json): a short phrase each, such as "Env differs: A=1 against A=2". What the
/// Engine or Docker Compose fills in for each container by itself does not count, nor does the restart policy, which
/// can be set on a container that runs. A setting that is not known here counts: better one restart too many than a
/// container that is not what its file says. Pure.
std::vector<std::string> unlike(const nlohmann::json& there, const nlohmann::json& made);

}  // namespace slipway::rollouts
