#pragma once
#include "orchestrator/runs/collaborators.hpp"
#include "orchestrator/runs/engine_watch.hpp"
#include "orchestrator/runs/in_care.hpp"

namespace slipway::runs {

struct SweepSummary {
  std::size_t containers = 0, volumes = 0, networks = 0, checkouts = 0;
};

/// Removes what carries this installation's label and a run's, and which nobody sees to any more: containers, then
/// volumes and networks, and checkouts in the work folder. That is what is not in care and belongs to a run that has
/// finished; to a job of a run under way that has finished, or an attempt before its present one; or to a run that is
/// not known, once it is older than the grace. Attempts whose containers are gone so are closed in the journal. Nothing
/// without the label is ever touched (decision 0115).
///
/// What can't be removed stops nothing else; the first such error is the result.
awaitable<Result<SweepSummary>> sweep_orphans(Collaborators& with, const Settings& settings, const InCare& in_care);

}  // namespace slipway::runs
