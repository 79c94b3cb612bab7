#include "orchestrator/rollouts/health_gate.hpp"

namespace slipway::rollouts {
namespace {
constexpr int max_restarts = 3;

std::string with(std::string what, const std::string& detail) {
  return detail.empty() ? what : what + ": " + detail;
}
}  // namespace

HealthGate::Verdict HealthGate::fail_with(std::string reason) {
  reason_ = std::move(reason);
  healthy_since_.reset();
  return Verdict::failed;
}

HealthGate::Verdict HealthGate::start_over(std::string reason) {
  reason_ = std::move(reason);
  healthy_since_.reset();
  return Verdict::wait;
}

HealthGate::Verdict HealthGate::observe(const HealthSample& sample, Time now) {
  if (sample.out_of_memory) return fail_with("ran out of memory");
  if (sample.restarts - first_restarts_ > max_restarts) {
    return fail_with("restarted " + std::to_string(sample.restarts - first_restarts_) + " times, last exit code " +
                     std::to_string(sample.exit_code));
  }
  if (!sample.running && !sample.restarting) {
    return fail_with("exited with code " + std::to_string(sample.exit_code));
  }
  if (sample.check == Health::unhealthy) return fail_with(with("its health check failed", sample.detail));
  if (sample.restarting || sample.restarts != restarts_) {
    restarts_ = sample.restarts;
    return start_over("restarted, last exit code " + std::to_string(sample.exit_code));
  }
  if (sample.has_check && sample.check != Health::healthy) return start_over("its health check has not passed yet");
  if (sample.gate && !*sample.gate)
    return start_over(with("the " + sample.gate_name + " gate did not pass", sample.detail));
  if (!healthy_since_) healthy_since_ = now;
  if (now - *healthy_since_ >= needed_) return Verdict::healthy;
  reason_ = "has not been healthy for " + std::to_string(needed_.count()) + " ms in a row";
  return Verdict::wait;
}

}  // namespace slipway::rollouts
