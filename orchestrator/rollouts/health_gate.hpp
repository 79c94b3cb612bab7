#pragma once
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "orchestrator/rollouts/stages.hpp"

namespace slipway::rollouts {

/// One look at one new container.
struct HealthSample {
  bool running = false;
  bool restarting = false;
  int restarts = 0;  ///< by the Engine, since the container was made
  bool out_of_memory = false;
  int exit_code = 0;
  Health check = Health::unknown;  ///< HEALTHCHECK's word; unknown while it is starting
  bool has_check = false;
  std::optional<bool> gate;  ///< whether all gates passed; absent: there are none
  std::string gate_name;     ///< "HTTP", "command": which did not
  std::string detail;        ///< of whichever did not pass, one line
};

/// Decides when a new container may take over: healthy at each look for `min_healthy_time` without a break. Out of
/// memory, an exit that nobody restarts, more than three restarts, or `unhealthy` from HEALTHCHECK (which has its own
/// retries) are final at once; a gate that does not pass only starts the time again.
class HealthGate {
 public:
  HealthGate(Milliseconds min_healthy_time, int restarts_at_start)
      : needed_(min_healthy_time), restarts_(restarts_at_start), first_restarts_(restarts_at_start) {}

  enum class Verdict { wait, healthy, failed };
  Verdict observe(const HealthSample& sample, Time now);
  /// Why it is not healthy (yet).
  [[nodiscard]] const std::string& reason() const { return reason_; }

 private:
  Verdict fail_with(std::string reason);
  Verdict start_over(std::string reason);

  Milliseconds needed_;
  int restarts_;
  int first_restarts_;
  std::optional<Time> healthy_since_;
  std::string reason_ = "was not looked at";
};

}  // namespace slipway::rollouts
