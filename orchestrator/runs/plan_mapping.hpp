#pragma once
#include <map>

#include "orchestrator/runs/graph.hpp"
#include "orchestrator/runs/job_order.hpp"
#include "orchestrator/runs/run_context.hpp"

/// Pure: from a plan to what the machine, the store and the jobs want of it.
namespace slipway::runs {

Graph graph_of(const pipelines::Plan& plan);

/// The rows of a run's jobs: its builds, then its jobs, in the plan's order.
std::vector<store::Job> job_rows(RunId run, const pipelines::Plan& plan);

/// The names of each job's steps, then of its services, by the job's; nothing of a text that is no plan.
std::map<std::string, std::vector<std::string>> planned_steps(const std::string& plan);

/// An attempt at a job of steps, with the images, secrets and variables of the run filled in. Secrets that the project
/// does not have are told in `JobOrder::unmet`.
Result<JobOrder> job_order(const RunContext& context, const pipelines::PlannedJob& job, int attempt, Time deadline,
                           const Settings& settings);

/// As much of it as it takes to end an attempt that an earlier daemon has begun, and for which `job_order` failed so.
JobOrder order_to_end(const RunContext& context, const pipelines::PlannedJob& job, int attempt, Time deadline,
                      const Settings& settings, const Error& why);

/// What the file is planned for. `context` is the JSON that the trigger left with the run.
pipelines::Context plan_context(const store::Run& run, const store::Project& project,
                                const checkout::CommitInfo& commit);

store::Verdict stored(Verdict verdict);
Verdict verdict_of(store::Verdict verdict);

}  // namespace slipway::runs
