#pragma once
#include <string>
#include <vector>

#include "orchestrator/rollouts/drift_look.hpp"
#include "orchestrator/rollouts/swarm/swarm_view.hpp"
#include "orchestrator/rollouts/target.hpp"

namespace slipway::rollouts::swarm {

/// What a swarm has of an application, in the words for a host: a service stands for its containers.
struct SwarmLook {
  HostLook look;
  std::string unhealthy;  ///< why, if nobody has changed anything and all the same not every task runs
};

/// Asks `manager`. Of secrets and configs only the target's outline is needed.
awaitable<Result<SwarmLook>> look_for_status(docker::Engine* manager, std::string fleet,
                                             std::shared_ptr<const Target> target);

/// The same without asking. Pure.
SwarmLook status_of(const std::vector<ServiceView>& views, const Target& target, const NodeNames& nodes);

/// A service as if it were its container. Its `health` stays unknown: who wants it asks a verdict.
Shown shown_from(const ServiceView& view, const Verdict& verdict);

/// What of `there`, the Engine's JSON of a service, is not as `asked`, in words. Names and ids that the swarm has given
/// aside.
std::vector<std::string> changes_of(const std::string& there, const docker::ServiceSpec& asked);

}  // namespace slipway::rollouts::swarm
