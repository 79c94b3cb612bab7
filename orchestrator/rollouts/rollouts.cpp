#include "orchestrator/rollouts/rollouts.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>

#include "base/log.hpp"
#include "orchestrator/rollouts/origin.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/runs.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t most_waiting = 16;
constexpr std::size_t most_lines = 2000;
constexpr Milliseconds try_again{500};

}  // namespace

Rollouts::Work::Work(RolloutId i, std::string a, const Executor& executor)
    : id(i), application(std::move(a)), changed(executor, asio::steady_timer::time_point::max()) {}

void Rollouts::Work::say(std::string line) {
  lines.push_back(std::move(line));
  if (lines.size() > most_lines) {
    lines.pop_front();
    ++dropped;
  }
  changed.cancel();
}

Rollouts::Rollouts(Parts parts)
    : parts_(std::move(parts)),
      moved_(parts_.executor, asio::steady_timer::time_point::max()),
      tasks_(parts_.executor) {}

Result<void> Rollouts::has_room(const std::string& application, Concurrency concurrency) const {
  if (concurrency == Concurrency::supersede) return {};  // none of those that wait stays
  const auto queue = queues_.find(application);
  if (queue == queues_.end() || queue->second.size() <= most_waiting) return {};
  return fail(Error::Kind::conflict, "too many rollouts of " + application + " wait already");
}

awaitable<Result<RolloutId>> Rollouts::start(RolloutOrder order) {
  if (order.generation.run) {
    auto known = co_await parts_.store.read(&store::Rollouts::find, order.generation.run, order.job, order.attempt);
    if (known) co_return known->id;
  }
  auto spec = co_await make_generation(parts_, order.generation);
  if (!spec) co_return fail(spec.error());
  auto policy = policy_of(*spec);
  if (!policy) co_return fail(policy.error());
  if (auto room = has_room(spec->application, policy->concurrency); !room) co_return fail(room.error());
  auto add = [spec = *spec, order, policy = *policy, present = parts_.deadline_now(),
              now = parts_.clock.now()](store::Transaction& tx) mutable -> Result<Turn> {
    store::Applications applications(tx);
    if (auto ours = applications.ensure(spec.application, order.generation.project, now); !ours) {
      return fail(ours.error());
    }
    auto earlier = applications.generations(spec.application, looked_back);
    if (!earlier) return fail(earlier.error());
    reuse_releases(spec, *earlier);
    auto number = applications.add_generation(to_row(spec, order.generation.run, now));
    if (!number) return fail(number.error());
    store::Rollout rollout;
    rollout.application = spec.application;
    rollout.generation = *number;
    rollout.run = order.generation.run;
    rollout.job = order.job;
    rollout.attempt = order.attempt;
    rollout.plan = plan_for(spec.hosts);
    rollout.requested_by = order.requested_by;
    rollout.evidence = evidence_of(tx, order.generation.run);
    rollout.created = now;
    std::string asked_by = order.requested_by;
    if (const auto run = store::Runs(tx).get(order.generation.run)) asked_by = asker_of(*run);
    hold_back(rollout, policy, std::move(asked_by), now, present);
    return take_turn(tx, std::move(rollout), policy.concurrency);
  };
  auto work = queue_up(std::move(add));
  co_return co_await tasks_.see_through("queue a rollout", std::move(work));
}

/// To be seen through: one that is committed and not lined up is in the way of all that come later.
awaitable<Result<RolloutId>> Rollouts::queue_up(std::function<Result<Turn>(store::Transaction&)> add) {
  auto turn = co_await parts_.store.write(std::move(add));
  if (!turn) co_return fail(turn.error());
  line_up(*turn);
  co_return turn->rollout.id;
}

void Rollouts::line_up(const Turn& turn) {
  for (const RolloutId id : turn.superseded) step_out(id, "superseded by rollout " + to_string(turn.rollout.id));
  enqueue(turn.rollout);
}

/// For one that the store says has ended before it began: who waits for it need not wait for those before it.
void Rollouts::step_out(RolloutId id, const std::string& why) {
  const auto found = works_.find(id);
  if (found == works_.end()) return;
  const WorkPtr work = found->second;
  work->say(why);
  if (work->running) return;  // whoever serves it finds out
  std::erase(queues_[work->application], work);
  works_.erase(found);
  work->ended = true;
  work->changed.cancel();
  moved_.cancel();
}

void Rollouts::enqueue(const store::Rollout& rollout) {
  if (works_.contains(rollout.id)) return;
  auto work = std::make_shared<Work>(rollout.id, rollout.application, parts_.executor);
  work->deployment = is_deployment(rollout);
  work->fence = rollout.fence;
  work->hold = hold_of(rollout);
  works_.emplace(rollout.id, work);
  auto& queue = queues_[rollout.application];
  if (!queue.empty()) {
    work->waits = "waits behind rollout " + to_string(queue.back()->id) + " of " + rollout.application;
  }
  if (held(*work)) work->waits = "waits for " + work->hold->waits_for(parts_.clock.now());
  if (!work->waits.empty()) work->say(work->waits);
  queue.push_back(work);
  moved_.cancel();
  if (work->hold) tasks_.spawn("a rollout that waits", keep_hold(work));
  if (served_.insert(rollout.application).second)
    tasks_.spawn("rollouts of an application", serve(rollout.application));
}

/// In the order of the journal, which the lease insists on. A deployment that waits for people is in the way of those
/// behind it, but not of what brings hosts to what they should be.
Rollouts::WorkPtr Rollouts::next_of(const std::deque<WorkPtr>& queue) const {
  std::vector<WorkPtr> line(queue.begin(), queue.end());
  std::sort(line.begin(), line.end(), [](const WorkPtr& a, const WorkPtr& b) {
    return std::pair(a->fence == 0, a->id) < std::pair(b->fence == 0, b->id);
  });
  bool barred = false;
  for (const WorkPtr& work : line) {
    barred = barred || held(*work);
    if (!barred || !work->deployment) return work;
  }
  return nullptr;
}

bool Rollouts::held(const Work& work) const {
  return work.hold && !work.hold->passed(parts_.clock.now());
}

Rollouts::WorkPtr Rollouts::oldest(const std::deque<WorkPtr>& queue) {
  const auto first =
      std::min_element(queue.begin(), queue.end(), [](const WorkPtr& a, const WorkPtr& b) { return a->id < b->id; });
  return first == queue.end() ? nullptr : *first;
}

/// The one in work, or about to be.
Rollouts::WorkPtr Rollouts::current(const std::string& application) const {
  const auto queue = queues_.find(application);
  if (queue == queues_.end()) return nullptr;
  for (const WorkPtr& work : queue->second) {
    if (work->running) return work;
  }
  return next_of(queue->second);
}

awaitable<void> Rollouts::until_moved() {
  boost::system::error_code ignored;
  co_await moved_.async_wait(asio::redirect_error(use_awaitable, ignored));
  co_await throw_if_cancelled();
}

awaitable<void> Rollouts::until_changed(WorkPtr work) {
  boost::system::error_code ignored;
  co_await work->changed.async_wait(asio::redirect_error(use_awaitable, ignored));
  co_await throw_if_cancelled();
}

awaitable<void> Rollouts::serve(std::string application) {
  auto& queue = queues_[application];
  while (!queue.empty()) {
    const WorkPtr work = next_of(queue);
    if (!work) {
      co_await until_moved();
      continue;
    }
    work->running = true;
    work->waits.clear();
    work->changed.cancel();
    auto done = co_await run_one(work);
    work->driver.reset();
    work->running = false;
    work->changed.cancel();
    if (!done) {
      // Conflict: an older one was committed and is about to be queued. Else the store: it stays open until that works.
      if (done.error().kind != Error::Kind::conflict && !std::exchange(work->complained, true)) {
        log::error("a rollout can't be worked on now", {{"rollout", work->id}, {"why", done.error()}});
        work->say("can't be worked on now: " + done.error().message);
      }
      co_await sleep_for(try_again);
      continue;
    }
    work->ended = true;
    work->changed.cancel();
    std::erase(queue, work);
    works_.erase(work->id);
    if (!stops_ && !work->changed_hosts.empty()) tasks_.spawn("leftovers", tidy_up(application, work->changed_hosts));
  }
  queues_.erase(application);
  served_.erase(application);
}

awaitable<Result<store::Rollout>> Rollouts::wait(RolloutId id, std::function<void(std::string)> say,
                                                 std::function<void(std::string)> waits) {
  const auto found = works_.find(id);
  if (found != works_.end()) {
    const WorkPtr work = found->second;
    std::optional<std::string> told_why;
    for (std::size_t told = 0;;) {
      for (; told < work->dropped + work->lines.size(); ++told) {
        if (told >= work->dropped && say) say(work->lines[told - work->dropped]);
      }
      if (waits && told_why != work->waits) {
        told_why = work->waits;
        waits(work->waits);
      }
      if (work->ended) break;
      co_await until_changed(work);
    }
  }
  co_return co_await parts_.store.read(&store::Rollouts::get, id);
}

awaitable<Result<void>> Rollouts::recover() {
  auto open = co_await parts_.store.read(&store::Rollouts::open);
  if (!open) co_return fail(open.error().in("find rollouts that have not ended"));
  for (const store::Rollout& rollout : *open) enqueue(rollout);
  if (auto found = co_await find_lost_hosts(); !found) co_return found;
  tasks_.spawn("hosts that are behind", keep_catching_up());
  tasks_.spawn("routes", keep_routes());
  tasks_.spawn("drift", keep_vigil());
  co_return Result<void>();
}

awaitable<void> Rollouts::shut_down() {
  stops_ = true;
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace slipway::rollouts
