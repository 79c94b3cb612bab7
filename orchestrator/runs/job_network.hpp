#pragma once
#include "docker-client/engine.hpp"
#include "orchestrator/runs/engine_watch.hpp"
#include "orchestrator/runs/naming.hpp"

namespace slipway::runs {

/// The network that jobs reach the world through: one bridge per installation, on which containers can't reach each
/// other. Made if it is not there. Gives its id.
awaitable<Result<std::string>> ensure_job_network(docker::Engine& engine, std::string instance);

/// Kind::forbidden if a container is in it.
awaitable<Result<void>> remove_job_network(docker::Engine& engine, std::string instance);

/// The network namespace that the containers of one attempt share, so that services are at 127.0.0.1 and by their names
/// and starting a step takes a third of the time. Held by a container that does nothing (decision 0041).
class JobNetwork {
 public:
  /// `names` are those of services. Borrows the engine and the watch.
  JobNetwork(docker::Engine& engine, EngineWatch& watch, AttemptName name, std::vector<std::string> names);

  /// What the containers that join it have as network mode; known before it runs.
  [[nodiscard]] std::string mode() const { return "container:" + name_.anchor(); }
  [[nodiscard]] std::string anchor() const { return name_.anchor(); }

  /// Creates the holder, or finds it again after a restart. `image` is ensure_anchor_image's; without a `network` there
  /// is no way out.
  awaitable<Result<void>> create(std::string image, std::string network);
  awaitable<Result<void>> start();
  awaitable<Result<void>> remove();

 private:
  docker::Engine& engine_;
  EngineWatch& watch_;
  AttemptName name_;
  std::vector<std::string> names_;
};

}  // namespace slipway::runs
