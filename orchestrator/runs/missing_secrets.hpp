#pragma once
#include "orchestrator/runs/run_context.hpp"
#include "orchestrator/store/jobs.hpp"

/// Pure: what a run can't be given of the secrets that its file names, in one line for people, with the command that
/// mends it: "step 'run': the project has no secret 'API_KEY' (slipway secret set API_KEY -p shop)". Each secret is
/// named once, with who wants it first. Empty: nothing is missing.
namespace slipway::runs {

/// Of one job.
std::string missing_secrets(const RunContext& context, const pipelines::PlannedJob& job);

/// Of all jobs that begin where nothing fails, but for those that are finished in `rows`, which are the run's own: kept
/// from an earlier run. What only a failure brings about may come to nothing, and is not told of ahead.
std::string missing_secrets(const RunContext& context, const std::vector<store::Job>& rows);

}  // namespace slipway::runs
