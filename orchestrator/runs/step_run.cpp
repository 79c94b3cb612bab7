#include "orchestrator/runs/step_run.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/runs/step_outcome.hpp"
#include "orchestrator/store/events.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;
using store::Attempts;
using store::AttemptState;

constexpr Duration kNoteLimit = 2s;

}  // namespace

std::string spec_hash(docker::ContainerSpec spec) {
  for (std::string& variable : spec.env) variable.resize(std::min(variable.find('='), variable.size()));
  // The body for one fixed version of the API, so that an upgraded engine does not change the hash.
  return sha256_hex(dump_json(docker::create_body(spec, docker::ApiVersion{1, 41})));
}

StepRun::StepRun(StepTools tools, StepOrder order) : tools_(tools), order_(std::move(order)) {
  order_.spec.name = order_.record ? order_.record->container_name : order_.name.container(order_.step);
  for (auto& [name, value] : order_.name.labels(order_.step)) order_.spec.labels[name] = value;
  const std::string hash = order_.record ? order_.record->spec_hash : spec_hash(order_.spec);
  order_.spec.labels[std::string(label::kSpecHash)] = hash;
  if (!order_.record) return;
  id_ = order_.record->container_id;
  // Told by an earlier daemon: however it ends, and has ended since, it has been stopped.
  stop_reason_ = order_.record->stop_reason;
}

store::AttemptKey StepRun::key() const {
  return {order_.name.run, order_.name.job, order_.step, order_.name.attempt};
}

AttemptState StepRun::state() const {
  return order_.record ? order_.record->state : AttemptState::intent;
}

awaitable<Result<void>> StepRun::prepare() {
  if (state() == AttemptState::created) co_return co_await fill_again();
  if (state() != AttemptState::intent) co_return Result<void>();
  if (!order_.record) {
    const Result<void> intended = co_await intend();
    if (!intended) co_return fail(Error(intended.error()).in("journal"));
  }
  const Result<void> made = co_await create();
  if (!made) co_return fail(made.error());
  // Side by side; it is started only when both are done.
  auto both = all_of(commit_created(), fill());
  const auto [committed, filled] = co_await std::move(both);
  if (!committed) co_return fail(committed.error());
  co_return filled;
}

awaitable<Result<void>> StepRun::intend() {
  store::Attempt attempt;
  attempt.key = key();
  attempt.role = order_.role;
  attempt.position = order_.position;
  attempt.container_name = order_.spec.name;
  attempt.spec_hash = order_.spec.labels[std::string(label::kSpecHash)];
  attempt.log_name = order_.name.log(order_.step);
  attempt.created = tools_.clock.now();
  attempt.deadline = order_.deadline;
  order_.record = attempt;
  auto commit = tools_.store.persist(&Attempts::intend, std::move(attempt));
  co_return co_await std::move(commit);
}

awaitable<Result<void>> StepRun::commit_created() {
  auto commit = tools_.store.persist(&Attempts::created, key(), id_);
  const Result<void> created = co_await std::move(commit);
  if (!created) co_return fail(Error(created.error()).in("journal"));
  order_.record->state = AttemptState::created;
  co_return Result<void>();
}

awaitable<Result<void>> StepRun::fill() {
  if (!order_.fill) co_return Result<void>();
  auto filling = order_.fill(id_);
  co_return co_await std::move(filling);
}

/// The journal knows that it was created, not whether it was filled.
awaitable<Result<void>> StepRun::fill_again() {
  if (!order_.fill) co_return Result<void>();
  const Result<docker::Container> container = co_await inspect();
  if (!container && container.error().kind != Error::Kind::not_found) co_return fail(container.error());
  if (!container || container->state.started_at) co_return Result<void>();  // `start` sees to it
  co_return co_await fill();
}

awaitable<Result<bool>> StepRun::has_started() {
  if (state() != AttemptState::created) co_return state() != AttemptState::intent;
  const Result<docker::Container> container = co_await inspect();
  if (!container && container.error().kind != Error::Kind::not_found) co_return fail(container.error());
  co_return container && container->state.started_at;
}

awaitable<Result<void>> StepRun::create() {
  const auto call = [this] { return tools_.engine.containers().create_or_find(order_.spec); };
  const Result<docker::Containers::Named> named = co_await tools_.watch.persist(call);
  if (!named) co_return fail(Error(named.error()).in("create the container"));
  if (named->found && !is_ours(*named->found)) co_return co_await refuse_foreign();
  id_ = named->id;
  // Found: made by us, before a crash or an answer that was lost.
  just_created_ = !named->found;
  co_return Result<void>();
}

bool StepRun::is_ours(const docker::Container& container) const {
  const std::string name(label::kSpecHash);
  const auto hash = container.config.labels.find(name);
  return hash != container.config.labels.end() && hash->second == order_.spec.labels.at(name);
}

awaitable<Result<void>> StepRun::refuse_foreign() {
  const std::string reason = "a container named " + order_.spec.name + " is there already and is not this step's";
  order_.record->state = AttemptState::quarantined;  // so that `remove` leaves it alone
  auto commit = tools_.store.persist(&Attempts::quarantine, key(), reason);
  const Result<void> noted = co_await std::move(commit);
  if (!noted) co_return fail(noted.error());
  co_return fail(Error::Kind::conflict, reason, "look at it, then remove or rename it");
}

awaitable<Result<std::optional<StepEnd>>> StepRun::start(StopSignal& stop) {
  if (!outages_before_) outages_before_ = tools_.watch.outages();
  const Result<void> opened = co_await open_log();
  if (!opened) co_return fail(opened.error());
  if (!just_created_) {
    const Result<docker::Container> container = co_await inspect();
    if (!container && container.error().kind != Error::Kind::not_found) co_return fail(container.error());
    if (!container) {
      lost_ = true;
      co_return co_await end_at_once({{Verdict::interrupted, "its container is gone"}, std::nullopt});
    }
    if (container->state.started_at) {
      // Found, not made: it went on while no daemon was there to see.
      if (container->state.running) co_await tell_reattached();
      co_return std::optional<StepEnd>();
    }
  }
  if (!stop.asked()) co_return co_await launch();
  co_return co_await end_at_once({{Verdict::cancelled, stop.reason()}, std::nullopt});
}

awaitable<Result<std::optional<StepEnd>>> StepRun::end_at_once(StepEnd end) {
  end_ = end;
  co_return std::optional(std::move(end));
}

awaitable<void> StepRun::tell_reattached() {
  log::info("step reattached", {{"run", order_.name.run}, {"job", order_.name.job}, {"step", order_.step}});
  store::Event event("step.reattached", tools_.clock.now());
  event.run = order_.name.run;
  event.data = dump_json(Json{{"job", order_.name.job}, {"step", order_.step}, {"attempt", order_.name.attempt}});
  auto tell = tools_.store.persist(&store::Events::append, std::move(event));
  const Result<std::int64_t> told = co_await std::move(tell);
  if (!told) log::warn("event can't be kept", {{"error", told.error()}});
}

/// The one place that starts a container. An answer that is lost is not asked for again before inspect has said that
/// the container has not started.
awaitable<Result<std::optional<StepEnd>>> StepRun::launch() {
  for (;;) {
    auto starting = tools_.engine.containers().start(id_);
    const Result<void> started = co_await std::move(starting);
    if (started) co_return std::optional<StepEnd>();
    const Result<docker::Container> container = co_await inspect();
    if (!container) co_return fail(container.error());
    if (container->state.started_at) co_return std::optional<StepEnd>();
    if (started.error().transient()) continue;
    const int code = container->state.exit_code;
    const bool its_own_fault = code == 126 || code == 127;
    StepEnd end{{its_own_fault ? Verdict::failed : Verdict::error, "can't be started: " + started.error().message},
                its_own_fault ? std::optional(code) : std::nullopt};
    const Result<void> noted = capture_->writer().note(end.outcome.reason);
    if (!noted && !noted.error().transient()) co_return fail(noted.error());
    co_return co_await end_at_once(std::move(end));
  }
}

awaitable<Result<void>> StepRun::commit_running() {
  if (state() != AttemptState::created) co_return Result<void>();
  order_.record->state = AttemptState::running;
  auto commit = tools_.store.persist(&Attempts::running, key(), tools_.clock.now());
  const Result<void> committed = co_await std::move(commit);
  if (!committed) co_return fail(Error(committed.error()).in("journal"));
  co_return Result<void>();
}

awaitable<Result<StepEnd>> StepRun::finish(StopSignal& stop) {
  // The commit and the container's own work go on side by side.
  auto race = first_of(until_exit(stop), keep_log(), keep_synced());
  auto both = all_of(commit_running(), std::move(race));
  auto [committed, first] = co_await std::move(both);
  if (!committed) co_return fail(committed.error());
  if (first.index() == 1 && !std::get<1>(first)) co_return fail(std::get<1>(first).error());
  if (first.index() == 2 && !std::get<2>(first)) co_return fail(std::get<2>(first).error());
  // What has been followed goes to the disk while the rest is fetched.
  auto reading = all_of(drain(&stop), sync_ahead());
  const auto [drained, tried] = co_await std::move(reading);
  if (!drained) co_return fail(drained.error());
  co_await look_for_lost_end();
  std::optional<int> code;
  if (!lost_) code = seen_.exit_code;
  end_ = StepEnd{outcome(), code};
  co_return *end_;
}

Outcome StepRun::outcome() const {
  if (lost_) return {Verdict::interrupted, "its container is gone"};
  // A service runs until it is stopped: that is no failure of its.
  const bool served = order_.role == store::ContainerRole::service && !stop_reason_.empty() && !seen_.oom_killed;
  if (served && (has_served_ || seen_.exit_code == 0)) return {};
  if (served) return {Verdict::cancelled, stop_reason_};
  StepCircumstances circumstances;
  circumstances.over_log_limit = capture_->over_limit();
  circumstances.log_gap = capture_->has_gap();
  circumstances.engine_went_away = engine_was_out();
  circumstances.engine_ended_it = engine_ended_it_;
  circumstances.signal = tools_.watch.signal_sent(id_);
  circumstances.stop_reason = stop_reason_;
  circumstances.memory_limit = order_.spec.limits.memory_bytes;
  return outcome_of(seen_, circumstances);
}

bool StepRun::engine_was_out() const {
  return engine_went_away_ || tools_.watch.outages() != *outages_before_;
}

/// Was the end that inspect tells of one that an engine saw? Asked only where another engine may have come up since the
/// container started: after an outage, or where this process has found the container rather than started it.
awaitable<void> StepRun::look_for_lost_end() {
  if (lost_ || !seen_.finished_at || (just_created_ && !engine_was_out())) co_return;
  const Result<std::optional<Time>> start = co_await tools_.watch.engine_start();
  if (!start) log::warn("the engine's start is not known", {{"error", start.error()}});
  const bool known = start && *start;
  engine_ended_it_ = known ? *seen_.finished_at < **start : engine_was_out();
}

awaitable<Result<docker::Container>> StepRun::inspect() {
  const auto call = [this] { return tools_.engine.containers().inspect(id_); };
  Result<docker::Container> container = co_await tools_.watch.persist(call);
  if (container) seen_ = container->state;
  co_return container;
}

awaitable<void> StepRun::until_exit(StopSignal& stop) {
  for (;;) {
    if (stop_reason_.empty()) {
      auto race = first_of(until_still(stop), stop.wait());
      const auto first = co_await std::move(race);
      if (first.index() == 0) co_return;
      const Result<docker::Container> container = co_await inspect();
      // It has ended before it could be stopped, and how is what counts.
      if (container && container->state.started_at && !container->state.running) co_return;
      stop_reason_ = stop.reason();
      co_await note_stop();
    }
    co_await stop_container();
    auto waiting = until_still(stop);
    auto patience = sleep_for(order_.grace + 10s);
    auto race = first_of(std::move(waiting), std::move(patience));
    const auto first = co_await std::move(race);
    if (first.index() == 0) co_return;
  }
}

/// Returns when inspect says that the container does not run any more, or is gone.
awaitable<void> StepRun::until_still(StopSignal& stop) {
  for (;;) {
    auto waiting = tools_.engine.containers().wait(id_);
    const Result<docker::ContainerExit> waited = co_await std::move(waiting);
    if (!waited && waited.error().transient()) engine_went_away_ = true;
    const Result<docker::Container> container = co_await inspect();
    if (!container && container.error().kind == Error::Kind::not_found) {
      lost_ = true;
      co_return;
    }
    if (container && !container->state.running) {
      if (seen_.exit_code == 137 && !seen_.oom_killed && !stop.asked()) co_await doubt_the_engine();
      co_return;
    }
    co_await sleep_for(50ms);
  }
}

/// Killed, and not by us: an engine that is told to stop kills its containers while it still answers. A moment later
/// it shows.
awaitable<void> StepRun::doubt_the_engine() {
  if (engine_went_away_ || capture_->over_limit()) co_return;
  co_await sleep_for(1s);
  auto asking = tools_.engine.system().ping();
  const Result<void> answer = co_await with_deadline(5s, std::move(asking), "the engine's answer");
  if (!answer) engine_went_away_ = true;
}

/// A program that ends with 0 when it is told to stop has not passed (decision 0060). The next daemon would take its
/// end for one of its own if this were not in the journal before it is told. A disk that takes no writes keeps nobody
/// from stopping it: the commit is made when it does.
awaitable<void> StepRun::note_stop() {
  if (order_.role != store::ContainerRole::step) co_return;
  auto commit = tools_.store.persist(&Attempts::stopping, key(), stop_reason_);
  const Result<void> noted = co_await with_deadline(kNoteLimit, std::move(commit), "the journal");
  if (!noted) log::warn("stop not noted", {{"container", order_.spec.name}, {"error", noted.error()}});
}

awaitable<void> StepRun::stop_container() {
  const int grace = static_cast<int>(order_.grace.count());
  const auto call = [this, grace] { return tools_.engine.containers().stop(id_, grace); };
  const Result<void> stopped = co_await tools_.watch.persist(call);
  if (!stopped) log::warn("container can't be stopped", {{"container", order_.spec.name}, {"error", stopped.error()}});
}

awaitable<Result<void>> StepRun::settle() {
  if (!end_ || !capture_) co_return Result<void>();
  const StepEnd end = *end_;
  const Result<std::uint64_t> synced = co_await sync_log();
  if (!synced) co_return fail(synced.error());
  store::AttemptExit exit;
  if (end.exit_code) exit.exit_code = *end.exit_code;
  exit.oom = seen_.oom_killed;
  exit.error = journal_text(end.outcome);
  exit.finished = tools_.clock.now();
  exit.log.stored_offset = static_cast<std::int64_t>(*synced);
  exit.log.content_bytes = static_cast<std::int64_t>(capture_->content_bytes());
  exit.log.sha256 = capture_->content_sha256();
  exit.log.truncated = capture_->over_limit();
  exit.log.gap = capture_->has_gap() || capture_->is_cut_off();
  auto commit = tools_.store.persist(&Attempts::exited, key(), std::move(exit));
  const Result<void> committed = co_await std::move(commit);
  if (!committed) co_return fail(Error(committed.error()).in("journal"));
  order_.record->state = AttemptState::exited;
  const Result<void> sealed = co_await capture_->writer().seal();
  if (!sealed) log::warn("log can't be sealed", {{"log", log_key().name}, {"error", sealed.error()}});
  capture_.reset();
  co_return Result<void>();
}

awaitable<Result<void>> StepRun::remove() {
  if (!order_.record || state() == AttemptState::removed || state() == AttemptState::quarantined)
    co_return Result<void>();
  docker::RemoveContainer how;
  how.force = true;
  how.volumes = true;
  const auto call = [this, how] { return tools_.engine.containers().remove(order_.spec.name, how); };
  const Result<void> removed = co_await tools_.watch.persist(call);
  if (!removed) co_return fail(Error(removed.error()).in("remove " + order_.spec.name));
  if (state() != AttemptState::exited) {
    store::AttemptExit exit;
    exit.error = journal_text({Verdict::cancelled, state() == AttemptState::running ? "removed" : "not run"});
    exit.finished = tools_.clock.now();
    exit.log = order_.record->log;
    auto commit = tools_.store.persist(&Attempts::exited, key(), std::move(exit));
    const Result<void> exited = co_await std::move(commit);
    if (!exited) co_return fail(Error(exited.error()).in("journal"));
  }
  order_.record->state = AttemptState::removed;
  auto sealing = tools_.logs.seal(log_key());  // of one that came to no end of its own
  (void)co_await std::move(sealing);
  auto commit = tools_.store.persist(&Attempts::removed, key());
  co_return co_await std::move(commit);
}

}  // namespace slipway::runs
