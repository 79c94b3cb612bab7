#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/async.hpp"
#include "base/ids.hpp"
#include "orchestrator/runs/machine.hpp"

namespace slipway::runs {

/// An image that a run built, tested and pushed: what a deploy job may hand on, and nothing else.
struct PushedImage {
  PushedImage() = default;
  std::string repository;  ///< "registry.example/shop/app"
  std::string digest;      ///< of the manifest in that repository, "sha256:…"
  std::string config_id;   ///< of the image as it was built and tested
};

/// How to tell of a deployment while it goes on.
struct DeploymentNews {
  /// Takes lines for the job's log.
  std::function<void(std::string line)> say;
  /// Gets why nothing is done (people have to approve, to promote or to resume it, another rollout is in the way) at
  /// once and when that changes; empty while it goes on. Time until then is nobody's fault, and no part of the job's.
  std::function<void(std::string reason)> waits;
};

/// Which deployment: one attempt of one job of a run.
struct DeploymentKey {
  RunId run;
  std::string job;
  int attempt = 1;
  friend auto operator<=>(const DeploymentKey&, const DeploymentKey&) = default;
};

/// What a deploy job asks for.
struct DeployRequest {
  DeployRequest() = default;
  DeploymentKey key;
  ProjectId project;
  std::string commit;
  std::string compose;                        ///< text of the Compose file at the run's commit
  std::string compose_path;                   ///< for messages
  std::map<std::string, PushedImage> images;  ///< Compose service → image
  std::string group;                          ///< overrides x-slipway.targets; may be empty
  std::string application;                    ///< overrides the Compose file's name; may be empty
  /// A file of the run's commit, by its path from the root of the checkout. Unset: there are none.
  std::function<awaitable<Result<std::string>>(std::string path)> read_file;
};

/// Rolls applications out for deploy jobs; the daemon gives the real one, made from orchestrator/rollouts.
class Deployer {
 public:
  virtual ~Deployer() = default;

  /// Runs to the rollout's end and says how it came out: failed when the new version did (and what was rolled back),
  /// error when hosts could not be worked on. Called again with the same key after a restart, it goes on with the
  /// rollout begun before, never a second one. Cancelling the call leaves the rollout to itself; `stop` ends it.
  virtual awaitable<Result<Outcome>> deploy(DeployRequest request, DeploymentNews news) = 0;

  /// The same for a rollout that an earlier process has begun, without what a new one is made from. Nothing if there is
  /// none.
  virtual awaitable<Result<std::optional<Outcome>>> take_up(DeploymentKey key, DeploymentNews news) = 0;

  /// Of a deployment that `deploy` or `take_up` is at: its rollout stops (and rolls back what it changed), as soon as
  /// there is one; or none is begun. The call then returns. `why` ("timeout") is for who looks at the rollout.
  virtual void stop(const DeploymentKey& key, const std::string& why) = 0;
};

}  // namespace slipway::runs
