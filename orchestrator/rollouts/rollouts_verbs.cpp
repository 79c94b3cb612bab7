// What people ask for: rollbacks, redeployments, and wishes about a rollout that is in work.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/journal.hpp"
#include "orchestrator/rollouts/origin.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/audit.hpp"

namespace slipway::rollouts {
namespace {

Result<void> note(store::Transaction& tx, Time now, const std::string& by, const std::string& what, RolloutId rollout,
                  const Json& data) {
  store::AuditEntry entry(now, by, what);
  entry.rollout = rollout;
  entry.data = dump_json(data);
  return store::Audit(tx).add(std::move(entry));
}

/// A rollout that a person asks for, of a generation that is stored.
store::Rollout by_person(const GenerationSpec& spec, std::string kind, const std::string& by, Time now) {
  store::Rollout rollout;
  rollout.application = spec.application;
  rollout.generation = spec.number;
  rollout.kind = std::move(kind);
  rollout.plan = plan_for(spec.hosts);
  rollout.requested_by = by;
  rollout.created = now;
  return rollout;
}

/// The newest generation above `target` whose contract migration was begun; 0: none.
std::int64_t contract_above(const std::vector<store::Rollout>& rollouts, std::int64_t target) {
  std::int64_t newest = 0;
  for (const store::Rollout& rollout : rollouts) {
    if (rollout.generation <= target) continue;
    const auto kept = parse_json(rollout.progress);
    if (!kept) continue;
    const bool contract = flag_at(value_at(value_at(*kept, "plan"), "pace"), "contract");
    const bool begun = !text_at(value_at(*kept, "machine"), "migrator").empty();
    if (contract && begun) newest = std::max(newest, rollout.generation);
  }
  return newest;
}

Result<void> check_contracts(const std::vector<store::Rollout>& rollouts, const std::string& application,
                             std::int64_t target) {
  const std::int64_t newest = contract_above(rollouts, target);
  if (newest == 0) return {};
  return fail(Error::Kind::conflict,
              "generation " + std::to_string(target) + " of " + application +
                  " was made for data that the contract migration of generation " + std::to_string(newest) +
                  " has taken away",
              "if it can run all the same: slipway app rollback --force " + application);
}

/// What waits to be deployed is ended: going back and then forward again is not what somebody wants who goes back.
Result<Turn> add_rollback(store::Transaction& tx, const std::string& application, const std::string& by, bool force,
                          Time now) {
  const store::Applications applications(tx);
  const auto owner = applications.get(application);
  if (!owner) return fail(owner.error());
  const auto succeeded = store::Rollouts(tx).standing(application, looked_back);
  if (!succeeded) return fail(succeeded.error());
  const auto standing = standing_generations(*succeeded);
  if (standing.size() < 2 || standing.back() != owner->promoted) {
    return fail(Error::Kind::conflict, application + " has no earlier generation to go back to");
  }
  const auto row = applications.generation(application, standing[standing.size() - 2]);
  if (!row) return fail(row.error());
  const auto spec = from_row(*row);
  if (!spec) return fail(spec.error());
  if (!force) {
    const auto rollouts = store::Rollouts(tx).asked_for(application, looked_back);
    if (!rollouts) return fail(rollouts.error());
    if (auto allowed = check_contracts(*rollouts, application, spec->number); !allowed) return fail(allowed.error());
  }
  auto turn = take_turn(tx, by_person(*spec, "rollback", by, now), Concurrency::queue);
  if (!turn) return turn;
  auto noted = note(tx, now, by, "app.rollback", turn->rollout.id,
                    {{"application", application}, {"generation", spec->number}, {"force", force}});
  if (!noted) return fail(noted.error());
  return supersede_waiting(tx, std::move(*turn));
}

/// What a redeployment stores: a generation only if it differs from `promoted`.
Result<Turn> add_redeploy(store::Transaction& tx, GenerationSpec spec, bool recreate, const store::Generation& promoted,
                          const std::string& by, Time now, Time present) {
  const auto policy = policy_of(spec);
  if (!policy) return fail(policy.error());
  store::Applications applications(tx);
  const auto same = from_row(promoted);
  if (!same) return fail(same.error());
  if (!recreate) {
    const auto earlier = applications.generations(spec.application, looked_back);
    if (!earlier) return fail(earlier.error());
    reuse_releases(spec, *earlier);
  }
  spec.number = same->number;
  if (spec.releases != same->releases) {
    const auto number = applications.add_generation(to_row(spec, promoted.run, now));
    if (!number) return fail(number.error());
    spec.number = *number;
  }
  auto rollout = by_person(spec, "redeploy", by, now);
  rollout.evidence = evidence_of(tx, spec.application, same->number);
  hold_back(rollout, *policy, by, now, present);
  auto turn = take_turn(tx, std::move(rollout), policy->concurrency);
  if (!turn) return turn;
  auto noted = note(tx, now, by, "app.redeploy", turn->rollout.id,
                    {{"application", spec.application}, {"generation", spec.number}, {"recreate", recreate}});
  if (!noted) return fail(noted.error());
  return turn;
}

Error not_begun(RolloutId id, const std::string& application, const std::string& waits) {
  const std::string what = "rollout " + to_string(id) + " has not begun";
  if (waits.empty()) return {Error::Kind::conflict, what, "try again in a moment"};
  return {Error::Kind::conflict, what + ": it " + waits,
          waits.starts_with("waits for the window") ? "slipway app promote --outside-window " + application
                                                    : std::string()};
}

/// One that has its lease, and whose work can't be taken up now for a reason that may pass.
Result<void> end_leased(store::Transaction& tx, RolloutId id, std::int64_t fence, const std::string& by, Time now) {
  store::Rollouts rollouts(tx);
  const auto rollout = rollouts.get(id);
  if (!rollout) return fail(rollout.error());
  if (has_begun(*rollout)) {
    return fail(Error::Kind::conflict,
                "rollout " + to_string(id) + " has begun with its hosts, and can't be worked on now",
                "slipway app history " + rollout->application + " says why; it can be stopped once it goes on");
  }
  store::RolloutProgress row;
  row.state = std::string(name_of(Stage::stopped));
  row.ended = true;
  // These two set aside what drifted while they are planned.
  const bool replaces = rollout->kind == "heal" || rollout->kind == "redeploy";
  row.reason = "stopped by " + by + (replaces ? " before it began with its hosts" : " before anything was changed");
  row.progress = rollout->progress;
  row.at = now;
  return rollouts.save(id, fence, std::move(row));
}

}  // namespace

awaitable<Result<RolloutId>> Rollouts::roll_back(std::string application, std::string by, bool force) {
  if (current(application)) {
    auto turned = co_await ask_current(application, Verb::roll_back, by);
    if (!turned) turned.error().hint = "wait for its end, then roll back";
    co_return turned;
  }
  auto add = [application, by, force, now = parts_.clock.now()](store::Transaction& tx) {
    return add_rollback(tx, application, by, force, now);
  };
  auto work = queue_up(std::move(add));
  co_return co_await tasks_.see_through("queue a rollout", std::move(work));
}

awaitable<Result<RolloutId>> Rollouts::redeploy(std::string application, bool recreate, std::string by) {
  auto owner = co_await parts_.store.read(&store::Applications::get, application);
  if (!owner) co_return fail(owner.error());
  if (owner->promoted == 0) {
    co_return fail(Error::Kind::conflict, "no generation of " + application + " has been promoted yet",
                   "a deploy job brings the first one");
  }
  if (auto room = has_room(application, Concurrency::queue); !room) co_return fail(room.error());
  auto promoted = co_await parts_.store.read(&store::Applications::generation, application, owner->promoted);
  if (!promoted) co_return fail(promoted.error());
  auto spec = co_await renew_generation(parts_, owner->project, *promoted);
  if (!spec) co_return fail(spec.error());
  auto add = [spec = *spec, recreate, promoted = *promoted, by, now = parts_.clock.now(),
              present = parts_.deadline_now()](store::Transaction& tx) {
    return add_redeploy(tx, spec, recreate, promoted, by, now, present);
  };
  auto work = queue_up(std::move(add));
  co_return co_await tasks_.see_through("queue a rollout", std::move(work));
}

awaitable<Result<RolloutId>> Rollouts::ask_current(std::string application, Verb verb, std::string by) {
  auto known = co_await parts_.store.read(&store::Applications::get, application);
  if (!known) co_return fail(known.error());
  WorkPtr work = current(application);
  if (!work && queues_.contains(application)) work = oldest(queues_.at(application));  // it waits for people
  if (!work) co_return fail(Error::Kind::conflict, "no rollout of " + application + " is in work");
  const RolloutId id = work->id;
  auto asked = co_await ask(id, verb, std::move(by));
  if (!asked) co_return fail(asked.error());
  co_return id;
}

awaitable<Result<void>> Rollouts::ask(RolloutId id, Verb verb, std::string by, std::string why) {
  const auto found = works_.find(id);
  if (found == works_.end()) {
    co_return fail(Error::Kind::conflict, "rollout " + to_string(id) + " is not in work");
  }
  const WorkPtr work = found->second;
  const bool ends = verb == Verb::stop || verb == Verb::roll_back;
  for (;;) {
    // It has its lease, and its hosts are being looked at: it will have a driver soon, or will have ended.
    while (ends && work->running && !work->driver && !work->ended) co_await until_changed(work);
    if (work->ended) co_return fail(Error::Kind::conflict, "rollout " + to_string(id) + " has ended");
    if (work->driver) co_return co_await work->driver->ask(verb, std::move(by), std::move(why));
    if (!ends) co_return fail(not_begun(id, work->application, work->waits));
    const std::int64_t fence = work->fence;
    auto ending = end_idle(work, by);
    auto ended = co_await tasks_.see_through("end a rollout that waits", std::move(ending));
    // A new lease came first: now it is looked at, or worked on.
    if (ended || work->fence == fence) co_return ended;
  }
}

/// To be seen through: one that has ended and still stands in line would be in the way.
awaitable<Result<void>> Rollouts::end_idle(WorkPtr work, std::string by) {
  auto end = [id = work->id, fence = work->fence, application = work->application, by,
              now = parts_.clock.now()](store::Transaction& tx) {
    auto noted = note(tx, now, by, "app.stop", id, {{"application", application}, {"rollout", id.value}});
    if (!noted) return noted;
    if (fence != 0) return end_leased(tx, id, fence, by, now);
    return store::Rollouts(tx).end_queued(id, std::string(name_of(Stage::stopped)),
                                          "stopped by " + by + " before it began", now);
  };
  auto ended = co_await parts_.store.write(std::move(end));
  if (ended) step_out(work->id, "stopped");
  co_return ended;
}

}  // namespace slipway::rollouts
