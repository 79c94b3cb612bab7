#pragma once
#include <functional>
#include <optional>

#include "images/registry_client.hpp"
#include "orchestrator/runs/run_context.hpp"

namespace slipway::runs {

/// A run that is planned and committed as running, or how it ended before it came to that.
struct Preparation {
  std::shared_ptr<RunContext> context;
  std::optional<Outcome> ended;
};

using PlanSeen = std::function<void(const pipelines::Plan&)>;

/// Brings a run from preparing to running: fetches its commit, reads the pipeline file, decides whether the commit's
/// message and the file want the event, asks `registry` for the digest of a pushed image that came without, makes the
/// plan, commits it with its jobs. Where the project supersedes, older
/// runs with its key are asked to stop once it is planned, and it is not running before they have ended. One that is
/// running already (after a restart) gets its plan back from the journal, which asks nothing of the mirror. `access`
/// must be without secrets for a run that is not to be trusted. `planned` is told of a new plan before that is
/// committed, and before those that it replaces have ended.
awaitable<Result<Preparation>> prepare_run(Collaborators& with, const Settings& settings,
                                           images::RegistryClient& registry, store::Run run, store::Project project,
                                           ProjectAccess access, checkout::Repository& repository, PlanSeen planned);

}  // namespace slipway::runs
