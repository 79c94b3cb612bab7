#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/drift.hpp"
#include "orchestrator/rollouts/target.hpp"

namespace slipway::rollouts {

/// One host, seen whole.
struct HostLook {
  std::vector<Shown> containers;  ///< running or not; `digest` of those that should run is that of what they run
  std::vector<Drift> drift;
};

/// A host against what `target` (which needs no secrets) asks for. A list, and two inspects for each container that
/// should run. `fleet` is the id that its containers are labelled with.
awaitable<Result<HostLook>> look_for_drift(docker::Engine* engine, std::string fleet,
                                           std::shared_ptr<const Target> target);

}  // namespace slipway::rollouts
