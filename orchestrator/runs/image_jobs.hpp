#pragma once
#include "orchestrator/runs/engine_watch.hpp"
#include "orchestrator/runs/image_source.hpp"
#include "orchestrator/runs/run_context.hpp"
#include "orchestrator/runs/run_log.hpp"

/// What a run does with images besides running them. All arguments are borrowed until the call returns; cancelling it
/// stops the work in the engine.
namespace slipway::runs {

/// Builds one image of the file and commits what it became. A build that was cut off with the engine has no effect
/// outside its cache, and is run again when the engine is back.
awaitable<Result<Outcome>> build_image(Collaborators& with, EngineWatch& watch, ImageSource& images,
                                       RunContext& context, SourceTree& source, const pipelines::PlannedImage& image,
                                       RunLog& log);

/// Pushes a built image under all tags of the job, and commits the manifest digest that it got: the registry is asked
/// first, and what it has already is not sent.
awaitable<Result<Outcome>> push_image(Collaborators& with, EngineWatch& watch, RunContext& context,
                                      const pipelines::PlannedPush& push, images::RegistryClient& registry,
                                      RunLog& log);

/// What the deployer is asked for: the Compose file at the run's commit, and for each image the digest that this run's
/// pushes recorded of what it has built and tested.
awaitable<Result<DeployRequest>> deploy_request(Collaborators& with, RunContext& context,
                                                checkout::Repository& repository, const pipelines::PlannedJob& job,
                                                int attempt);

}  // namespace slipway::runs
