#pragma once
#include <functional>

#include "orchestrator/runs/run_context.hpp"

namespace slipway::runs {

/// What a run begins with: the rows of its jobs, and what is to be written with them.
struct KeptWork {
  std::vector<store::Job> rows;
  /// In the transaction that starts the run: in one before that it would stay if the run is prepared once more, and may
  /// not be what holds then. Unset: nothing.
  std::function<Result<void>(store::Transaction&)> take_over;
};

/// A rerun of failed jobs takes over what passed in the run before: built images that the engine still has (the others
/// are built again, and so is what was pushed of them), pushed digests, and the verdicts of jobs that depend on nothing
/// which is done again.
awaitable<Result<KeptWork>> kept_work(Collaborators& with, RunContext& context);

}  // namespace slipway::runs
