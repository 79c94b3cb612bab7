#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace slipway::cli {

/// Which logs of a run are asked for; empty or 0: all, the newest attempt.
struct LogChoice {
  std::string job, step;
  std::int64_t attempt = 0;
  [[nodiscard]] bool all() const { return job.empty() && step.empty() && attempt == 0; }
};

/// One log of a run: a step's or a service's, or a build's, a push's or a deployment's, which have no steps.
struct WantedLog {
  std::string title;  ///< "JOB / STEP", "build IMAGE" or "JOB"
  std::string path;   ///< of the API
  std::int64_t attempt = 0;
};

/// What the run, as the API shows it, has of them so far, in its order: of each one attempt's, so that who comes back
/// to it after a lost connection does not land in the next one's. A job's services come last, since they end after it.
std::vector<WantedLog> wanted_logs(const Json& run, const LogChoice& choice);

/// The report of what is wrong with the run's pipeline file, if it may have one: it failed before it had any jobs.
std::optional<WantedLog> report_of(const Json& run);

/// That the run has no such job, image or step, with the names of those it has. Nothing if it has, or while that is
/// not known.
std::optional<Error> unknown_name(const Json& run, const LogChoice& choice);

/// Why there is none of them, once the run has come as far as it will: an attempt that never was, a job that was not
/// worked on, or a name that is none.
Error why_no_log(const Json& run, const LogChoice& choice);

}  // namespace slipway::cli
