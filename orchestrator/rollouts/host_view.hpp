#pragma once
#include <string>
#include <vector>

#include "base/async.hpp"
#include "docker-client/containers.hpp"
#include "orchestrator/rollouts/difference.hpp"
#include "orchestrator/rollouts/generation.hpp"

namespace slipway::rollouts {

/// How an application's containers are told from others on a host.
struct Whose {
  Whose(std::string i, std::string a, bool c) : instance(std::move(i)), application(std::move(a)), from_compose(c) {}
  std::string instance;  ///< this installation of slipway
  std::string application;
  bool from_compose;  ///< see GenerationSpec
};

Whose whose(std::string instance, const GenerationSpec& spec);

/// The containers of the application that this installation made on an Engine, running or not, told by their labels,
/// and those that it was adopted with. A paused or restarting one counts as running: it holds its ports and volumes.
awaitable<Result<std::vector<Shown>>> look_at_host(docker::Containers& containers, Whose whose);

Shown shown_from(const docker::ContainerSummary& summary);

/// Those that Docker Compose made for the project of that name, `docker compose run`'s aside.
awaitable<Result<std::vector<docker::ContainerSummary>>> compose_containers(docker::Containers& containers,
                                                                            std::string project);

}  // namespace slipway::rollouts
