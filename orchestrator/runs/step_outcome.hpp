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
  std::string stop_reason;        ///< slipway asked it to stop; empty: it did not
  std::int64_t memory_limit = 0;  ///< bytes; for the message
};

/// The verdict on a container that has started and ended. A signal that nobody of ours sent, at a time when the engine
/// went away, is the engine's: interrupted, never failed. Exit code 0 is a pass even then.
Outcome outcome_of(const docker::ContainerState& state, const StepCircumstances& circumstances);

/// How an outcome stands in an attempt's `error`: empty for a pass, else "<verdict>: <reason>". And back.
std::string journal_text(const Outcome& outcome);
Outcome outcome_from_journal(std::string_view text);

/// "exit code 3", "exit code 143 (SIGTERM)".
std::string exit_code_text(int code);

}  // namespace slipway::runs
