#pragma once
#include "orchestrator/store/transaction.hpp"
#include "orchestrator/store/verdict.hpp"

namespace slipway::store {

enum class JobKind : std::uint8_t { build, run, push, deploy };
template <>
struct Names<JobKind> {
  static constexpr std::array<std::string_view, 4> list{"build", "run", "push", "deploy"};
};

/// `blocked` waits for something other than its needs (an engine that is out, an approval).
enum class JobState : std::uint8_t { pending, blocked, running, finished };
template <>
struct Names<JobState> {
  static constexpr std::array<std::string_view, 4> list{"pending", "blocked", "running", "finished"};
};

/// A node of a run's graph; its key is (run, kind is build, name), since an image and a job may share a name.
struct Job {
  RunId run;
  std::string name;
  JobKind kind = JobKind::run;
  std::int64_t position = 0;  ///< in the plan; set by Runs::start
  JobState state = JobState::pending;
  Verdict verdict = Verdict::none;
  std::string reason;
  std::int64_t attempt = 0;      ///< of the attempt that runs or ran; 0: none yet
  std::optional<Time> deadline;  ///< of that attempt
  std::string stop_reason;       ///< set once it is being stopped
  std::optional<Time> started;
  std::optional<Time> finished;
  std::optional<std::int64_t> time_left;  ///< milliseconds, of an attempt that was held
};

/// Names a job across runs.
struct JobKey {
  JobKey(RunId r, JobKind k, std::string n) : run(r), kind(k), name(std::move(n)) {}
  RunId run;
  JobKind kind;
  std::string name;
};

class Jobs {
 public:
  explicit Jobs(Transaction& tx) : tx_(tx) {}

  /// The attempt after the present one begins; any other number is Kind::conflict, as is a finished job.
  Result<void> start_attempt(JobKey key, std::int64_t attempt, Time deadline, Time at);
  /// An attempt that is under way waits for something that is not its own affair: running → blocked, without a
  /// deadline but with the time that it has left. Called again with another reason, that is kept. `release` is the way
  /// back, with the attempt's deadline and the run's.
  Result<void> hold(JobKey key, std::string reason, Milliseconds left, Time at);
  Result<void> release(JobKey key, Time deadline, Time run_deadline, Time at);
  /// Runs of which nothing is under way but what waits like that.
  Result<std::vector<RunId>> idle_runs() const;
  /// pending ⇄ blocked.
  Result<void> block(JobKey key, std::string reason, Time at);
  Result<void> unblock(JobKey key, Time at);
  /// Notes why it is being stopped; the first reason stays.
  Result<void> stop(JobKey key, std::string reason, Time at);
  /// Any state but finished → finished.
  Result<void> finish(JobKey key, Verdict verdict, std::string reason, Time at);

  /// In the plan's order.
  Result<std::vector<Job>> list(RunId run) const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
