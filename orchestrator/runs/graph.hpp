#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::runs {

/// How a job, or a whole run, ended. *Failed* is the code's doing; *error* and *interrupted* are the system's.
enum class Verdict : std::uint8_t {
  passed,
  failed,       ///< a command, a build or a rollout came out wrong, or took too long
  error,        ///< slipway, the engine or a registry could not do its part
  interrupted,  ///< the step was lost with the engine or by hand; whether it would have passed is not known
  cancelled,    ///< stopped by a person, or by a newer run
  skipped       ///< not run, with a reason
};
std::string_view name_of(Verdict verdict);

/// When a job runs, as a table over how the jobs before it ended: what is left of an `if` once everything but
/// success(), failure() and always() is known.
struct Condition {
  bool after_success = true;   ///< all that it needs passed
  bool after_failure = false;  ///< some job before it, however far, did not pass
  bool after_skip = false;     ///< none failed, but one that it needs was skipped
};

struct RetryRule {
  int max = 0;  ///< attempts beyond the first
  bool on_failure = false;
  bool on_interrupted = false;
};

struct ImageNode {
  std::string key;
};

struct JobNode {
  std::string key;
  std::vector<std::size_t> needs;   ///< jobs, by index; all smaller than this job's own
  std::vector<std::size_t> images;  ///< builds it uses, by index
  Condition condition;
  std::string never;  ///< why its condition can't hold in this run; empty: it may
  RetryRule retry;
  std::chrono::milliseconds timeout = std::chrono::hours(1);  ///< of one attempt
  bool rolls_out = false;  ///< told to stop, it first goes back, by deadlines of its own
};

/// What the machine knows of a plan: keys and edges, nothing of what a job does.
struct Graph {
  std::vector<ImageNode> images;
  std::vector<JobNode> jobs;  ///< in an order in which each comes after what it needs
};

}  // namespace slipway::runs
