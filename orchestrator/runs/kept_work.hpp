#pragma once
#include "orchestrator/runs/run_context.hpp"

namespace slipway::runs {

/// The rows of a run's jobs. A rerun of failed jobs takes over what passed in the run before: verdicts, built images
/// that the engine still has (the others are built again, and so is what was pushed of them), and pushed digests. What
/// is taken over of images is committed here.
awaitable<Result<std::vector<store::Job>>> rows_with_kept(Collaborators& with, RunContext& context);

}  // namespace slipway::runs
