#pragma once
#include "orchestrator/runs/collaborators.hpp"
#include "orchestrator/runs/engine_watch.hpp"

namespace slipway::runs {

struct SweepSummary {
  std::size_t containers = 0, volumes = 0, networks = 0, checkouts = 0;
};

/// Removes what carries this installation's label and a run's, where that run has finished or is not known, and which
/// is older than the grace: containers, then volumes and networks, and checkouts in the work folder. Attempts of such
/// runs are closed in the journal. Nothing without the label is ever touched, nor what belongs to a run under way: its
/// driver sees to that.
awaitable<Result<SweepSummary>> sweep_orphans(Collaborators& with, const Settings& settings);

}  // namespace slipway::runs
