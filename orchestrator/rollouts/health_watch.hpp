#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/command_gate.hpp"
#include "orchestrator/rollouts/health_gate.hpp"
#include "orchestrator/rollouts/target.hpp"

namespace slipway::rollouts {

/// Looks at a generation's containers on one host, by inspect and by its gates. Borrows all it is given.
class HealthWatch {
 public:
  struct Verdict {
    HealthGate::Verdict verdict = HealthGate::Verdict::wait;
    std::string container;  ///< that decided, if not healthy
    std::string reason;
  };

  /// `address` is where the host's published ports answer; `rollout` tells new containers from those that ran before;
  /// `needed` is for how long a container must be healthy.
  HealthWatch(docker::Engine& engine, Pool& pool, const Clock& clock, const Target& target, std::string address,
              std::int64_t rollout, Milliseconds needed)
      : containers_(engine.containers()),
        commands_(engine.exec(), clock),
        pool_(pool),
        clock_(clock),
        target_(target),
        address_(std::move(address)),
        rollout_(rollout),
        needed_(needed) {}

  /// One look at all `wanted`; all must be healthy. An Engine that does not answer is an Error.
  awaitable<Result<Verdict>> look(std::vector<Wanted> wanted);
  [[nodiscard]] bool has_gate() const {
    return target_.application.policy.gate.has_value() || target_.application.policy.command.has_value();
  }
  /// How long to wait until the next look.
  [[nodiscard]] Milliseconds interval() const;
  /// How long a look may take that finds gates which do not answer, beyond what the Engine takes.
  [[nodiscard]] Milliseconds patience(std::size_t containers) const;

 private:
  awaitable<Result<Verdict>> look_at(Wanted wanted);
  awaitable<Result<Verdict>> look_at_end(Wanted wanted);
  awaitable<Result<HealthSample>> sample(Wanted wanted);
  awaitable<Result<void>> ask_gates(const docker::Container& container, const std::string& service,
                                    HealthSample& sample);
  awaitable<void> ask_http(const docker::Container& container, HealthSample& sample);

  docker::Containers& containers_;
  CommandGates commands_;
  Pool& pool_;
  const Clock& clock_;
  const Target& target_;
  std::string address_;
  std::int64_t rollout_;
  Milliseconds needed_;
  std::map<std::string, HealthGate> gates_;
};

}  // namespace slipway::rollouts
