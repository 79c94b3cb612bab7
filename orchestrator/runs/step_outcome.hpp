#pragma once
#include <optional>
#include <string>

#include "docker-client/container.hpp"
#include "orchestrator/runs/machine.hpp"

namespace slipway::runs {

/// What is known of a step besides its container when it has ended.
struct StepCircumstances {
  bool over_log_limit = false;
  bool log_gap = false;
  bool engine_went_away = false;  ///< while the step ran
  bool engine_ended_it = false;   ///< it ended before the engine that now answers came up: nobody saw how
  std::optional<int> signal;      ///< that somebody other than slipway had the engine send it
  std::string stop_reason;        ///< slipway asked it to stop; empty: it did not
  std::int64_t memory_limit = 0;  ///< bytes; for the message
};

/// The verdict on a container that has started and ended. One that was ended from outside, by the engine's death or by
/// hand, is interrupted whatever its exit code: a program that is told to stop may well end with 0.
Outcome outcome_of(const docker::ContainerState& state, const StepCircumstances& circumstances);

/// How an outcome stands in an attempt's `error`: empty for a pass, else "<verdict>: <reason>". And back.
std::string journal_text(const Outcome& outcome);
Outcome outcome_from_journal(std::string_view text);

/// "exit code 3", "exit code 143 (SIGTERM)".
std::string exit_code_text(int code);

}  // namespace slipway::runs
