#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/rollouts/registries.hpp"
#include "orchestrator/rollouts/service_spec.hpp"
#include "orchestrator/rollouts/target.hpp"
#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts {

/// One host, as far as a rollout works on it.
struct Site {
  std::string host;
  std::string address;  ///< where its published ports answer
  docker::Engine* engine = nullptr;
  Traffic* traffic = nullptr;
};

/// The steps of a rollout on one host. Each looks at what is there and does what is missing for `target`, so it can be
/// broken off anywhere and begun again, by this process or the next; none removes before it creates. Kind::unavailable
/// and Kind::timeout mean that the host could not be asked, anything else that the step failed. Borrows all it is
/// given.
class HostWork {
 public:
  using TargetPtr = std::shared_ptr<const Target>;

  HostWork(Site site, Registries& registries, Pool& pool, const Clock& clock, Maker maker)
      : site_(std::move(site)), registries_(registries), pool_(pool), clock_(clock), maker_(std::move(maker)) {}

  /// `say` gets lines for whoever watches, about pulls that take long, every so often at most.
  void tell_of_pulls(std::function<void(std::string)> say, Milliseconds at_most_every) {
    say_ = std::move(say);
    say_every_ = at_most_every;
  }

  /// Everything up to `stage` that is not done. `weight`: percent of the requests that the target's containers get, for
  /// `attached`. `back`: old containers are started and the new ones removed.
  awaitable<Result<void>> reach(HostStage stage, Heading heading, std::shared_ptr<const Target> target,
                                std::string application, unsigned weight = 100);
  /// The application's networks and volumes, if they are not there.
  awaitable<Result<void>> prepare(TargetPtr target);
  /// Whether `prepare` can do that, as far as it can be told beforehand. Changes nothing.
  awaitable<Result<void>> look_ahead(TargetPtr target);
  /// Puts the service's secrets and configs into a container that has not started.
  awaitable<Result<void>> fill(std::string container, Service service, TargetPtr target);
  /// The id of the first of a service's containers that run. Kind::not_found if none does.
  awaitable<Result<std::string>> running_container(TargetPtr target, std::string service);
  /// Last words of the container that made the last step fail; empty if there are none.
  [[nodiscard]] const std::string& evidence() const { return evidence_; }
  /// What the step is waiting for, for when its deadline passes; empty if it can't say.
  [[nodiscard]] const std::string& why_not() const { return why_not_; }

 private:
  awaitable<Result<Difference>> look(TargetPtr target);

  awaitable<Result<void>> pull(TargetPtr target);
  awaitable<Result<void>> pull_image(std::string image, std::string platform);
  awaitable<Result<void>> create(TargetPtr target);
  awaitable<Result<void>> ensure_network(Network network, TargetPtr target);
  awaitable<Result<void>> ensure_volume(Volume volume, TargetPtr target);
  [[nodiscard]] Result<void> check_owner(const docker::Labels& labels, const std::string& name) const;
  [[nodiscard]] bool is_ours(const docker::Labels& labels) const;
  static Result<void> not_ours(const docker::Labels& labels, const std::string& what);
  [[nodiscard]] Result<void> check_network(const Network& network, const docker::Network& there,
                                           const Target& target) const;
  [[nodiscard]] Result<void> check_volume(const Volume& volume, const docker::Volume& there,
                                          const Target& target) const;
  [[nodiscard]] bool is_from_compose(const docker::Labels& labels) const;
  [[nodiscard]] static Result<void> of_compose(const std::string& what, const Target& target);
  awaitable<Result<void>> create_container(Wanted wanted, TargetPtr target, Difference on_host);
  awaitable<Result<void>> start(Heading heading, TargetPtr target);
  awaitable<Result<void>> see_stops_through(TargetPtr target);
  awaitable<Result<void>> start_container(Shown container, Service service, TargetPtr target);
  awaitable<Result<void>> connect_rest(Shown container, std::vector<docker::NetworkAttachment> networks);
  awaitable<Result<void>> wait_healthy(std::vector<Wanted> wanted, TargetPtr target);
  awaitable<Result<void>> attach(TargetPtr target, unsigned weight);
  awaitable<Result<void>> drain(TargetPtr target);
  awaitable<Result<void>> stop_old(Heading heading, TargetPtr target);
  awaitable<Result<void>> forget_routes(TargetPtr target);
  awaitable<Result<void>> stop_container(Shown container);
  awaitable<Result<void>> prune(TargetPtr target);
  awaitable<Result<void>> keep_record(TargetPtr target, const Difference* found);

  [[nodiscard]] Place place() const { return {application_, site_.host}; }

  Site site_;
  Registries& registries_;
  Pool& pool_;
  const Clock& clock_;
  Maker maker_;
  std::function<void(std::string)> say_;
  Milliseconds say_every_{};
  std::string application_;
  std::string evidence_;
  std::string why_not_;
};

}  // namespace slipway::rollouts
