#pragma once
#include <optional>
#include <variant>

#include "base/clock.hpp"
#include "orchestrator/runs/graph.hpp"

namespace slipway::runs {

/// How one attempt, build, push or rollout ended, as the driver saw it.
struct Outcome {
  Verdict verdict = Verdict::passed;
  std::string reason;  ///< one line for people; empty when passed
};

// What the machine wants done. Each is done once; a driver that starts over asks `resume` for what is still open.
struct BuildImage {
  std::size_t image;
};
struct StopBuild {
  std::size_t image;
};
struct StartAttempt {
  std::size_t job;
  int attempt;
  Time deadline;
};
struct StopAttempt {
  std::size_t job;
  std::string reason;
};
struct FinishJob {
  std::size_t job;
  Outcome outcome;
};
/// Of an image that has not been built. How a build ended is known to who builds.
struct FinishImage {
  std::size_t image;
  Outcome outcome;
};
struct FinishRun {
  Outcome outcome;
};
using Action = std::variant<BuildImage, StopBuild, StartAttempt, StopAttempt, FinishJob, FinishImage, FinishRun>;
using Actions = std::vector<Action>;

/// Where a job or a build stands; what the journal must bring back after a restart.
enum class Phase : std::uint8_t { waiting, running, stopping, ended };

struct JobState {
  Phase phase = Phase::waiting;
  int attempt = 0;          ///< of the attempt that runs or ran; 0: none yet
  Time deadline{};          ///< of that attempt
  bool held = false;        ///< running, but for the time being nothing is done: the deadlines do not count
  Milliseconds left{};      ///< while held: what the attempt has of its time
  Outcome outcome;          ///< once ended
  std::string stop_reason;  ///< once stopping
};

struct ImageState {
  Phase phase = Phase::waiting;
  Outcome outcome;
};

struct Limits {
  std::size_t parallel_jobs = 8;  ///< of one run
  std::chrono::milliseconds run_timeout = std::chrono::hours(24);
  std::chrono::milliseconds stop_limit = std::chrono::minutes(2);  ///< then a stop that was asked for is given up
  std::chrono::milliseconds way_back_limit =
      std::chrono::hours(1);  ///< likewise that of a rollout, which goes back first
};

/// One run as a pure state machine: told what happened, it answers what to do. No I/O, no clock of its own.
///
/// A job starts when all it needs has ended, its condition holds for how they ended, its images are built, and there
/// is room. One whose condition does not hold is skipped, with a reason, as is an image that no job came to need. A
/// failed attempt is retried by its rule. Once a run is cancelled nothing starts any more, not even `always()` jobs.
/// While the engine is out nothing starts, and what runs is left alone: it may well be running still.
class Machine {
 public:
  Machine(Graph graph, Limits limits, Time started);

  /// The state the journal holds of a run that was under way; call before `resume`. `cancel_reason` is empty unless it
  /// was cancelled.
  void restore(std::vector<JobState> jobs, std::vector<ImageState> images, std::string cancel_reason);

  /// Begins, or begins again after `restore`: attempts and builds that were under way are asked for once more with
  /// their old number and deadline, for the driver to adopt.
  Actions resume(Time now);

  Actions image_ended(std::size_t image, Outcome outcome, Time now);
  /// An outcome of an attempt that is not the job's newest is ignored.
  Actions attempt_ended(std::size_t job, int attempt, Outcome outcome, Time now);
  /// An attempt that runs waits for something that is not its own affair, such as people; no deadline counts meanwhile.
  /// False if it does already, or does not run.
  bool hold(std::size_t job, int attempt, Time now);
  /// It goes on, and has from now the time that it had left; the run has its whole time. False if it was not held.
  bool release(std::size_t job, int attempt, Time now);
  [[nodiscard]] Time run_deadline() const { return run_deadline_; }
  /// Stops what runs and finishes as cancelled, saying `reason` ("cancelled by ann", "superseded by run 8").
  Actions cancel(std::string reason, Time now);
  Actions engine_lost(Time now);
  Actions engine_back(Time now);
  /// To be called at `next_deadline()`, and as often as one likes.
  Actions tick(Time now);

  [[nodiscard]] std::optional<Time> next_deadline() const;
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] bool engine_out() const { return engine_out_; }
  [[nodiscard]] const std::vector<JobState>& jobs() const { return jobs_; }
  [[nodiscard]] const std::vector<ImageState>& images() const { return images_; }
  [[nodiscard]] const Graph& graph() const { return graph_; }

 private:
  Actions advance(Time now);
  void advance_job(std::size_t job, Time now, Actions& actions);
  void start(std::size_t job, Time now, Actions& actions);
  void build(std::size_t image, Actions& actions);
  void end_job(std::size_t job, Outcome outcome, Actions& actions);
  void end_image(std::size_t image, Outcome outcome, Actions& actions);
  void stop(std::size_t job, const std::string& reason, Time now, Actions& actions);
  void stop_all(const std::string& reason, Time now, Actions& actions);
  void expire(Time now, Actions& actions);
  void build_unwanted_images(Actions& actions);
  void finish_if_done(Actions& actions);
  [[nodiscard]] std::optional<std::string> reason_to_skip(std::size_t job) const;
  [[nodiscard]] bool failed_before(std::size_t job) const;
  [[nodiscard]] bool stopped() const { return !stop_reason_.empty(); }
  [[nodiscard]] bool may_retry(std::size_t job, const Outcome& outcome) const;
  [[nodiscard]] Outcome outcome_of_stopped(const JobState& job, const Outcome& seen) const;
  [[nodiscard]] std::size_t running() const;
  [[nodiscard]] bool any_held() const;
  [[nodiscard]] Outcome outcome_of_run() const;

  Graph graph_;
  Limits limits_;
  std::vector<JobState> jobs_;
  std::vector<ImageState> images_;
  std::vector<Time> give_up_;   // per job: when a stop that was asked for is given up
  std::vector<bool> unwanted_;  // images that no job uses
  Time builds_give_up_ = Time::max();
  Time run_deadline_;
  std::string stop_reason_;  // of the whole run
  Verdict stop_verdict_ = Verdict::cancelled;
  bool engine_out_ = false;
  bool finished_ = false;
};

}  // namespace slipway::runs
