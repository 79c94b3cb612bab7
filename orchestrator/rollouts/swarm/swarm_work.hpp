#pragma once
#include <memory>
#include <string>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "orchestrator/rollouts/host_directory.hpp"
#include "orchestrator/rollouts/registries.hpp"
#include "orchestrator/rollouts/service_spec.hpp"
#include "orchestrator/rollouts/swarm/swarm_spec.hpp"
#include "orchestrator/rollouts/swarm/swarm_view.hpp"
#include "orchestrator/rollouts/target.hpp"

namespace slipway::rollouts::swarm {

/// The steps of a rollout on a swarm, which counts as one host: `created` makes networks, secrets and configs,
/// `started` asks for the services, `healthy` waits for what the swarm makes of them, `old_stopped` removes services
/// that are not in the target, `committed` what they used; the others have nothing to do. Each step looks first and
/// does what is missing, so that it can be broken off anywhere and begun again, by this process or the next; a service
/// is never asked for twice by a rollout. Errors as with HostWork. Borrows all it is given.
class SwarmWork {
 public:
  using TargetPtr = std::shared_ptr<const Target>;

  SwarmWork(HostDirectory& hosts, std::string swarm, Registries& registries, const Clock& clock, Maker maker)
      : hosts_(hosts), swarm_(std::move(swarm)), registries_(registries), clock_(clock), maker_(std::move(maker)) {}

  /// Through whichever manager answers.
  awaitable<Result<void>> reach(HostStage stage, Heading heading, TargetPtr target, std::string application);
  /// One look at all services of the target: the first that is not settled, or the last.
  awaitable<Result<Verdict>> look(TargetPtr target);
  /// The last lines of a task that made the last step fail; empty if there are none.
  [[nodiscard]] const std::string& evidence() const { return evidence_; }
  /// What the step is waiting for, for when its deadline passes; empty if it can't say.
  [[nodiscard]] const std::string& why_not() const { return why_not_; }

 private:
  awaitable<Result<void>> prepare(TargetPtr target);
  awaitable<Result<void>> ensure_network(Network network, TargetPtr target);
  awaitable<Result<KeptFiles>> keep_files(TargetPtr target);
  awaitable<Result<KeptFiles>> keep_files_of(docker::SwarmFiles* kept, std::vector<FileSource> sources,
                                             TargetPtr target);
  awaitable<Result<void>> ask_for_all(Heading heading, TargetPtr target);
  awaitable<Result<void>> ask_for(Wanted wanted, Heading heading, KeptFiles files, TargetPtr target);
  awaitable<Result<void>> make(Wanted wanted, docker::ServiceSpec spec);
  awaitable<Result<void>> change(ServiceView view, Wanted wanted, Heading heading, docker::ServiceSpec spec);
  [[nodiscard]] bool changed_by_hand(const ServiceView& view, const docker::ServiceSpec& asked) const;
  [[nodiscard]] Result<void> check_owner(const docker::Labels& labels, const std::string& what) const;
  awaitable<Result<void>> wait_settled(std::vector<Wanted> wanted, TargetPtr target);
  awaitable<Result<Verdict>> look_at(std::vector<Wanted> wanted);
  awaitable<Result<void>> remove_old(TargetPtr target);
  awaitable<Result<void>> keep_record(TargetPtr target);
  awaitable<Result<void>> prune(TargetPtr target);
  awaitable<Result<void>> prune_files(docker::SwarmFiles* kept, std::vector<FileSource> sources, TargetPtr target);

  HostDirectory& hosts_;
  std::string swarm_;
  Registries& registries_;
  const Clock& clock_;
  Maker maker_;
  docker::Engine* manager_ = nullptr;  ///< of the step in work
  std::string application_;
  std::string evidence_;
  std::string why_not_;
};

}  // namespace slipway::rollouts::swarm
