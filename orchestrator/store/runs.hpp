#pragma once
#include "orchestrator/store/jobs.hpp"
#include "orchestrator/store/transaction.hpp"
#include "orchestrator/store/verdict.hpp"

namespace slipway::store {

/// Why a run exists.
enum class Trigger : std::uint8_t { push, tag, pull_request, registry, manual, schedule };
template <>
struct Names<Trigger> {
  static constexpr std::array<std::string_view, 6> list{"push",     "tag",    "pull_request",
                                                        "registry", "manual", "schedule"};
};

/// queued ⇄ waiting_approval (approve) → preparing → running → finished.
enum class RunState : std::uint8_t { queued, waiting_approval, preparing, running, finished };
template <>
struct Names<RunState> {
  static constexpr std::array<std::string_view, 5> list{"queued", "waiting_approval", "preparing", "running",
                                                        "finished"};
};

/// One execution of a pipeline file for one commit. Times are absolute; JSON is text that the store does not read.
struct Run {
  RunId id;
  ProjectId project;
  std::int64_t number = 0;  ///< 1, 2, … within the project; given by `add`. People are told the id
  Trigger event = Trigger::manual;
  std::string ref;  ///< refs/heads/main, refs/tags/v1, refs/pull/7/head
  std::string branch;
  std::string tag;
  std::string commit;
  std::string base_commit;  ///< what `commit` is compared with for `paths`; may be empty
  std::string title;
  std::string author;
  std::int64_t pull_request = 0;
  bool trusted = false;  ///< false: gets no secrets, never pushes or deploys
  std::string parameters = "{}";
  std::string context = "{}";  ///< what else the trigger knows, e.g. the image of a registry event
  DeliveryId delivery;
  RunState state = RunState::queued;
  Verdict verdict = Verdict::none;
  std::string reason;
  Time created{};
  std::optional<Time> started;
  std::optional<Time> finished;
  std::optional<Time> deadline;
  std::string plan = "{}";
  RunId rerun_of;
  std::int64_t attempt = 1;  ///< 1 + the reruns that led to it
  bool failed_only = false;  ///< a rerun that keeps what passed in `rerun_of`
  std::optional<Time> cancel_requested;
  std::string cancelled_by;
  RunId superseded_by;
  std::string supersede_key;  ///< runs of a project with the same key replace each other; empty: never
};

/// Why one that is asked to stop is: "cancelled by ann", "superseded by run 8".
std::string stop_reason(const Run& run);

struct RunFilter {
  RunFilter() = default;
  ProjectId project;
  std::string branch;
  std::string commit;  ///< any length from 4 hex digits
  std::optional<Trigger> event;
  std::optional<RunState> state;
  std::optional<Verdict> verdict;
  RunId before;            ///< only older ones
  std::size_t limit = 50;  ///< at most 200
};

/// Each change of state is checked (from a state that forbids it: Kind::conflict) and adds its event to the timeline.
class Runs {
 public:
  explicit Runs(Transaction& tx) : tx_(tx) {}

  /// Queued, or waiting_approval if `run.state` says so. Ignores id, number and everything that comes later.
  Result<RunId> add(Run run);
  /// waiting_approval → queued.
  Result<void> approve(RunId id, std::string who, Time at);
  /// queued → preparing.
  Result<void> prepare(RunId id, Time at);
  /// preparing → running, with the jobs of the plan.
  Result<void> start(RunId id, std::string plan, std::vector<Job> jobs, Time deadline, Time at);
  /// Fills in what is still empty and only the checkout tells.
  Result<void> describe(RunId id, std::string commit, std::string title, std::string author);
  /// The commit itself, where the run was added with the id of an annotated tag's object. A finished run is
  /// Kind::conflict.
  Result<void> correct_commit(RunId id, std::string commit);
  /// What its trigger did not know, and somebody else did. A finished run is Kind::conflict.
  Result<void> learn_context(RunId id, std::string context);
  /// Any state but finished → finished; with the last run that may have been given them, former secrets go
  /// (Projects::former_secrets). A cancelled one that a newer run replaced becomes superseded.
  Result<void> finish(RunId id, Verdict verdict, std::string reason, Time at);
  /// One that has not begun finishes as cancelled; otherwise the wish is noted, for whoever drives the run. The first
  /// wish counts, further ones are success; a finished run is Kind::conflict.
  Result<void> cancel(RunId id, std::string who, Time at);
  /// The same for a run that `newer` replaces; its verdict will be superseded.
  Result<void> supersede(RunId id, RunId newer, Time at);
  /// Supersedes all that are older than `newer`, of its project and with its key, and have not finished. Nothing if it
  /// has no key, or is to stop itself.
  Result<void> replace_older(RunId newer, Time at);

  Result<Run> get(RunId id) const;
  Result<Run> find(ProjectId project, std::int64_t number) const;
  /// The run whose state is that of its commit for `event`, without its plan (docs/decisions/0109). For each ref and
  /// pull request the newest run counts, a skipped one only where there is no other: it has looked at nothing. Of
  /// those the worst is answered, of equals the newest: failed, error or interrupted; cancelled or superseded; not
  /// finished; passed; skipped. None: Kind::not_found.
  Result<Run> telling(ProjectId project, std::string commit, Trigger event) const;
  /// Newest first, without their plans; `next` is for `before`.
  Result<Page<Run>> list(RunFilter filter) const;
  /// All that have not finished, oldest first, without their plans.
  Result<std::vector<Run>> unfinished() const;
  /// Whether any is older than `newer`, of its project and with its key, and has not finished: what `replace_older` is
  /// about. Once there is none there never will be.
  Result<bool> has_older(RunId newer) const;
  /// Those older than `newer`, of its project and with its key, that have begun and not finished; none if it has no
  /// key.
  Result<std::vector<RunId>> older_under_way(RunId newer) const;

 private:
  void forget_former_secrets(ProjectId project);
  /// What `newer` may replace, whatever its state.
  [[nodiscard]] std::vector<Run> older_than(const Run& newer) const;
  Result<void> stop(RunId id, RunId newer, std::string who, Time at);
  /// Why `id` can't be what was wished.
  Result<void> refuse(RunId id, std::string_view wish) const;

  Transaction& tx_;
};

}  // namespace slipway::store
