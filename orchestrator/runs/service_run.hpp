#pragma once
#include "orchestrator/runs/job_order.hpp"
#include "orchestrator/runs/step_run.hpp"

namespace slipway::runs {

/// A service of a job: a container that is started before the steps, waited for until it is ready, and stopped after
/// them. Its log is kept like a step's. Borrows the tools.
class ServiceRun {
 public:
  /// `anchor` is the container whose network namespace the service shares.
  ServiceRun(StepTools tools, ServiceSpec spec, StepOrder order, std::string anchor, const Executor& executor);

  /// Creates and starts it, or finds it again. One that can't be started is Kind::failed.
  awaitable<Result<void>> start();
  /// Follows it to its end; to be run beside everything that comes after `start`.
  awaitable<void> serve();
  /// Resolves when it is ready. One that ends before that, or is not ready in time, is Kind::failed with the reason;
  /// `outcome` tells whether it was ended from outside. If the engine was out it has its whole time anew.
  awaitable<Result<void>> until_ready();
  /// An earlier daemon has seen it ready.
  void was_ready() { run_.has_served(); }
  /// Ends it, keeping what is left of its log.
  void stop(std::string reason) { stop_.ask(std::move(reason)); }
  awaitable<Result<void>> remove() { return run_.remove(); }

  /// How it has ended; none as long as it has not, or nobody knows.
  [[nodiscard]] const std::optional<Outcome>& outcome() const { return outcome_; }
  [[nodiscard]] const std::string& name() const { return spec_.name; }

 private:
  awaitable<Result<void>> check();
  awaitable<Result<void>> find_in_log();
  awaitable<Result<void>> until_healthy();
  awaitable<void> until_probed(std::vector<std::string> words);
  [[nodiscard]] Error not_ready(std::string why) const;

  StepTools tools_;
  ServiceSpec spec_;
  std::string anchor_;
  std::shared_ptr<const logs::MaskPatterns> masks_;
  StepRun run_;
  StopSignal stop_;
  std::optional<Outcome> outcome_;
  StopSignal ended_;  // asked when it has ended by itself; the reason says how
};

}  // namespace slipway::runs
