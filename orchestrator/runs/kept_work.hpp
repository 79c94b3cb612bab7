#pragma once
#include "orchestrator/runs/run_context.hpp"

namespace slipway::runs {

/// The rows of a run's jobs. A rerun of failed jobs takes over what passed in the run before: built images that the
/// engine still has (the others are built again, and so is what was pushed of them), pushed digests, and the verdicts
/// of jobs that depend on nothing which is done again. What is taken over of images is committed here.
awaitable<Result<std::vector<store::Job>>> rows_with_kept(Collaborators& with, RunContext& context);

}  // namespace slipway::runs
