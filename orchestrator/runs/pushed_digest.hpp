#pragma once
#include "images/registry_client.hpp"
#include "orchestrator/runs/collaborators.hpp"
#include "pipelines/context.hpp"

namespace slipway::runs {

/// What the registry has under a tag that somebody said was pushed: Docker Hub's webhooks, and others by hand, tell no
/// digest. Asked with slipwayd's credentials where `grants` cover the repository, else as anybody. One that is out is
/// asked again, for some seconds.
awaitable<Result<std::string>> pushed_digest(Collaborators& with, images::RegistryClient& registry,
                                             pipelines::RegistryPush push, RegistryGrants grants);

}  // namespace slipway::runs
