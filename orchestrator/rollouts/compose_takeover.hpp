#pragma once
#include <map>
#include <string>
#include <vector>

#include "orchestrator/rollouts/generation.hpp"
#include "orchestrator/rollouts/parts.hpp"
#include "orchestrator/rollouts/service_spec.hpp"

/// What Docker Compose runs on hosts becomes the first generation of an application, and no container is restarted.
namespace slipway::rollouts {

/// A container that Docker Compose made, as the replica that it becomes.
struct ComposeContainer {
  std::string id;
  std::string name;
  std::string service;
  std::size_t replica = 0;
  std::string image_id;
};

/// What a host has of the project.
struct ComposeHost {
  std::string host;
  std::vector<docker::ContainerSummary> there;  ///< running or not
  std::vector<ComposeContainer> chosen;         ///< by service and replica
};

/// Those of `there` that are what the file asks for on each host: of each service as many as it has replicas. Pure.
/// Kind::conflict says which service has too few or too many there, or runs and is not in the file.
Result<std::vector<ComposeContainer>> choose(const ComposeHost& host, const Application& application);

/// The steps in their order. Up to `rename` nothing that runs is touched. Borrows `parts`.
class ComposeTakeover {
 public:
  ComposeTakeover(Parts& parts, Application application) : parts_(parts), application_(std::move(application)) {}

  /// Finds the containers on all of `hosts`. Kind::unavailable if one of them does not answer: all are needed.
  awaitable<Result<void>> look(std::vector<std::string> hosts);
  /// What they run, service → "repository@sha256:…", or an image's id where no registry ever had it. Kind::conflict
  /// where hosts run different ones.
  awaitable<Result<std::map<std::string, std::string>>> images();
  /// In what they are not what the file says: service → a line for each host's first such container. Each service's
  /// container is made once more for that, and taken away again without ever being started.
  awaitable<Result<std::map<std::string, std::vector<std::string>>>> unlike_file(GenerationSpec spec);
  /// Gives them the names that `spec`'s containers have, and those that are as the file says its restart policy.
  awaitable<Result<void>> rename(GenerationSpec spec);

 private:
  awaitable<Result<void>> look_at(ComposeHost* host);
  awaitable<Result<std::string>> image_of(std::string host, std::string id, std::string service);
  awaitable<Result<std::vector<std::string>>> unlike_on(const ComposeHost* host, std::string service, Wanted wanted);
  awaitable<Result<std::string>> missing_volume(docker::Engine* engine, docker::ContainerSpec spec);
  awaitable<Result<void>> rename_on(const ComposeHost* host, GenerationSpec spec);

  Parts& parts_;
  Application application_;
  std::vector<ComposeHost> hosts_;
};

}  // namespace slipway::rollouts
