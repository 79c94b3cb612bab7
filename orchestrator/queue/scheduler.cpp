#include "orchestrator/queue/scheduler.hpp"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>

#include "base/log.hpp"
#include "orchestrator/store/projects.hpp"

namespace slipway::queue {

namespace {

constexpr auto kRetryAfter = std::chrono::seconds(3);

struct Picture {
  std::vector<store::Run> unfinished;
  Limits limits;
};

Result<Picture> picture(store::Transaction& tx) {
  auto runs = store::Runs(tx).unfinished();
  if (!runs) return fail(std::move(runs).error());
  const auto projects = store::Projects(tx).list();
  if (!projects) return fail(projects.error());
  const auto idle = store::Jobs(tx).idle_runs();
  if (!idle) return fail(idle.error());
  Picture seen{std::move(*runs), {}};
  seen.limits.idle = std::set<RunId>(idle->begin(), idle->end());
  for (const store::Project& project : *projects) {
    const auto own = static_cast<std::size_t>(std::max(0, project.settings.max_runs));
    seen.limits.projects[project.id] = ProjectLimits{own, project.settings.supersede};
  }
  return seen;
}

/// The runs that are to be started now. One that was cancelled or has ended since the look is left out.
Result<std::vector<RunId>> commit(store::Transaction& tx, const std::vector<RunId>& next, Time now) {
  store::Runs runs(tx);
  std::vector<RunId> started;
  for (const RunId id : next) {
    const auto done = runs.prepare(id, now);
    if (done) started.push_back(id);
    if (!done && done.error().kind != Error::Kind::conflict) return fail(done.error());
  }
  return started;
}

awaitable<void> expire(asio::steady_timer& timer) {
  co_await timer.async_wait(asio::as_tuple(use_awaitable));
}

}  // namespace

Scheduler::Scheduler(Executor executor, store::Store& store, const Clock& clock, Room room, Callbacks callbacks)
    : store_(store), clock_(clock), room_(room), callbacks_(std::move(callbacks)), poke_(std::move(executor)) {}

void Scheduler::release() {
  held_ = false;
  released_ = true;
  poke_.cancel();
}

awaitable<void> Scheduler::run() {
  for (;;) {
    // Taken first: what happens during the look is looked at again.
    const auto seen = store_.newest_event();
    released_ = false;
    const bool worked = co_await look();
    co_await sleep(seen, worked);
  }
}

awaitable<void> Scheduler::sleep(std::int64_t seen, bool worked) {
  if (released_) co_return;
  if (worked) {
    poke_.expires_at(asio::steady_timer::time_point::max());
  } else {
    poke_.expires_after(kRetryAfter);
  }
  auto event = store_.next_event(seen);
  auto poked = expire(poke_);
  auto race = first_of(std::move(event), std::move(poked));
  co_await std::move(race);
}

awaitable<bool> Scheduler::look() {
  auto seen = co_await store_.read(&picture);
  if (!seen) {
    log::warn("queue can't be read", {{"reason", seen.error()}});
    co_return false;
  }
  tell_under_way(seen->unfinished);
  seen->limits.max_runs = room_.runs;
  for (auto& [project, own] : seen->limits.projects) {
    if (own.max_runs == 0) own.max_runs = room_.runs_per_project;
  }
  std::vector<RunId> next = next_runs(seen->unfinished, seen->limits);
  const bool barred = !next.empty() && callbacks_.may_start && !callbacks_.may_start();
  if (held_ || barred) next.clear();
  if (next.empty()) co_return !barred;
  co_return co_await carry_out(std::move(next));
}

awaitable<bool> Scheduler::carry_out(std::vector<RunId> next) {
  auto work = [next = std::move(next), now = clock_.now()](store::Transaction& tx) { return commit(tx, next, now); };
  const auto started = co_await store_.write(std::move(work));
  if (!started) {
    log::warn("queue can't be written", {{"reason", started.error()}});
    co_return false;
  }
  for (const RunId id : *started) tell_start(id);
  co_return true;
}

void Scheduler::tell_under_way(const std::vector<store::Run>& unfinished) {
  std::set<RunId> present;
  for (const store::Run& run : unfinished) {
    if (run.state != store::RunState::preparing && run.state != store::RunState::running) continue;
    present.insert(run.id);
    tell_start(run.id);
    if (run.cancel_requested && stopped_.insert(run.id).second) callbacks_.stop(run);
  }
  std::erase_if(started_, [&](RunId id) { return !present.contains(id); });
  std::erase_if(stopped_, [&](RunId id) { return !present.contains(id); });
}

void Scheduler::tell_start(RunId run) {
  if (started_.insert(run).second) callbacks_.start(run);
}

}  // namespace slipway::queue
