#pragma once
#include <functional>
#include <memory>

#include "docker-client/engine.hpp"
#include "orchestrator/logs/capture.hpp"
#include "orchestrator/runs/engine_watch.hpp"
#include "orchestrator/runs/machine.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/runs/stop_signal.hpp"
#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::runs {

/// How a container's attempt ended.
struct StepEnd {
  Outcome outcome;
  std::optional<int> exit_code;  ///< none if it never ran, or was lost
};

/// What containers are run with. All of it borrowed.
struct StepTools {
  StepTools(docker::Engine& e, EngineWatch& w, logs::LogStore& l, store::Store& s, const Clock& c)
      : engine(e), watch(w), logs(l), store(s), clock(c) {}
  docker::Engine& engine;
  EngineWatch& watch;
  logs::LogStore& logs;
  store::Store& store;
  const Clock& clock;
};

/// One container to be run to its end: a step or a service.
struct StepOrder {
  StepOrder(AttemptName n, std::string s, docker::ContainerSpec c)
      : name(std::move(n)), step(std::move(s)), spec(std::move(c)) {}
  AttemptName name;
  std::string step;
  store::ContainerRole role = store::ContainerRole::step;
  std::int64_t position = 0;
  std::optional<Time> deadline;
  docker::ContainerSpec spec;            ///< without name and labels, which come from `name`
  std::optional<store::Attempt> record;  ///< what the journal has of it from before a restart
  std::shared_ptr<const logs::MaskPatterns> masks;
  std::uint64_t log_limit = 64 << 20;
  std::chrono::seconds grace{10};
  /// Done with the created container before it is started, again after a crash in between; may be empty.
  std::function<awaitable<Result<void>>(std::string)> fill;
};

/// One attempt at one container: INTENT → create → CREATED, fill → start → RUNNING → follow → wait, inspect → drain →
/// EXITED → remove, capitals being commits. Begins wherever the journal says an earlier daemon left off, and never
/// starts a container that has been started before.
///
/// Cancelling a call leaves the container as it is, for the next daemon; `stop` ends it.
class StepRun {
 public:
  StepRun(StepTools tools, StepOrder order);

  /// Up to CREATED, and filled. May run while the step before is still running. A container of that name that is not
  /// ours is Kind::conflict, and is left alone.
  awaitable<Result<void>> prepare();
  /// Whether its container has been started, now or before. The journal may be one commit behind.
  awaitable<Result<bool>> has_started();
  /// From CREATED to RUNNING; an end if it came to one at once (it was stopped before, can't be started, is gone).
  awaitable<Result<std::optional<StepEnd>>> start(StopSignal& stop);
  /// From RUNNING to its end, the log being complete. The error is one of the journal or the log: the container may be
  /// running still.
  awaitable<Result<StepEnd>> finish(StopSignal& stop);
  /// EXITED. May go on while the next step starts; nothing to do if it has not ended, or that is committed already.
  awaitable<Result<void>> settle();
  /// Of a service that was ready: to be stopped with its job is its end, and it has passed, whatever its exit code.
  void has_served() { has_served_ = true; }
  /// Takes the container away, whatever state it is in, and commits that. Success if there is none.
  awaitable<Result<void>> remove();

  [[nodiscard]] const std::string& step() const { return order_.step; }
  [[nodiscard]] const std::string& container_id() const { return id_; }
  [[nodiscard]] logs::LogKey log_key() const { return {order_.name.run, order_.name.log(order_.step)}; }

 private:
  awaitable<Result<void>> intend();
  awaitable<Result<void>> create();
  awaitable<Result<void>> commit_created();
  awaitable<Result<void>> fill();
  awaitable<Result<void>> fill_again();
  [[nodiscard]] bool is_ours(const docker::Container& container) const;
  awaitable<Result<void>> refuse_foreign();
  awaitable<Result<void>> open_log();
  awaitable<Result<std::optional<StepEnd>>> launch();
  awaitable<void> tell_reattached();
  awaitable<Result<void>> commit_running();
  awaitable<void> until_exit(StopSignal& stop);
  awaitable<void> until_still(StopSignal& stop);
  awaitable<Result<void>> keep_log();
  awaitable<Result<void>> keep_synced();
  awaitable<void> note_stop();
  awaitable<void> stop_container();
  awaitable<void> doubt_the_engine();
  awaitable<void> look_for_lost_end();
  awaitable<Result<void>> drain(const StopSignal* stop);
  awaitable<void> kill_again_and_again();
  awaitable<Result<void>> read_log(bool follow);
  awaitable<Result<void>> sync_ahead();
  awaitable<Result<std::uint64_t>> sync_log();
  awaitable<Result<std::optional<StepEnd>>> end_at_once(StepEnd end);
  awaitable<Result<docker::Container>> inspect();
  [[nodiscard]] store::AttemptKey key() const;
  [[nodiscard]] store::AttemptState state() const;
  [[nodiscard]] Outcome outcome() const;
  [[nodiscard]] bool engine_was_out() const;

  StepTools tools_;
  StepOrder order_;
  std::string id_;
  std::unique_ptr<logs::Capture> capture_;
  docker::ContainerState seen_;  // as last inspected
  std::string stop_reason_;
  std::optional<StepEnd> end_;  // to be committed
  std::optional<std::uint64_t> outages_before_;
  bool just_created_ = false;  // by this process, so it can't have been started
  bool has_served_ = false;
  bool engine_went_away_ = false;
  bool engine_ended_it_ = false;
  bool lost_ = false;  // the container is gone, and nothing is known of its end
};

/// SHA-256 of all that makes the container what it is, but for the values of its variables: secrets are among them, and
/// whoever got hold of the journal could try what fits.
std::string spec_hash(docker::ContainerSpec spec);

}  // namespace slipway::runs
