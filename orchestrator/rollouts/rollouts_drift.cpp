// Between rollouts: what people change on the hosts is seen, told once, and mended where the application wants that.
#include <algorithm>

#include "base/log.hpp"
#include "orchestrator/rollouts/drift_look.hpp"
#include "orchestrator/rollouts/heal_pause.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/drifts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds tick{5};
constexpr std::chrono::seconds second_look{3};
constexpr std::chrono::seconds healing_limit{10};
constexpr std::size_t most_at_once = 4;
constexpr std::size_t healings_searched =
    50;  // rollouts among which healings are counted, or the last that somebody asked for is found

std::vector<std::string> drifted_hosts(const ApplicationStatus& status) {
  std::vector<std::string> hosts;
  for (const HostOfApplication& host : status.hosts) {
    if (!host.drift.empty()) hosts.push_back(host.host);
  }
  return hosts;
}

Result<void> nothing_in_work(store::Transaction& tx, const std::string& application) {
  const auto open = store::Rollouts(tx).open(application);
  if (!open) return fail(open.error());
  const std::vector<store::Rollout> busy = moving(*open);
  if (busy.empty()) return {};
  return fail(Error::Kind::conflict, "rollout " + to_string(busy.front().id) + " of " + application + " is in work");
}

/// Hosts that a generation does not have any more are forgotten; of those that do not answer nothing new is known.
Result<std::vector<store::HostDrift>> note_all(store::Transaction& tx, const ApplicationStatus& status, Time now) {
  const std::string& application = status.summary.name;
  if (auto idle = nothing_in_work(tx, application); !idle) return fail(idle.error());
  const auto owner = store::Applications(tx).get(application);
  if (!owner) return fail(owner.error());
  if (owner->promoted != status.summary.promoted) {
    return fail(Error::Kind::conflict, "another generation of " + application + " was promoted meanwhile");
  }
  store::Drifts drifts(tx);
  const auto before = drifts.list(application);
  if (!before) return fail(before.error());
  for (const store::HostDrift& one : *before) {
    const bool ours = std::any_of(status.hosts.begin(), status.hosts.end(),
                                  [&](const HostOfApplication& host) { return host.host == one.host && !host.former; });
    if (ours) continue;
    if (auto noted = drifts.note(application, one.host, {}, now); !noted) return fail(noted.error());
  }
  for (const HostOfApplication& host : status.hosts) {
    if (host.state == "unknown") continue;
    auto noted = drifts.note(application, host.host, summary_of(host.drift), now);
    if (!noted) return fail(noted.error());
    if (*noted && !host.drift.empty()) {
      log::warn("a host has drifted",
                {{"application", application}, {"host", host.host}, {"what", summary_of(host.drift)}});
    }
  }
  return drifts.list(application);
}

}  // namespace

awaitable<Result<ApplicationStatus>> Rollouts::look_for_drift(std::string application) {
  Inventory inventory(parts_);
  auto status = co_await inventory.status(application);
  if (!status) co_return status;
  if (status->summary.promoted == 0) {
    co_return fail(Error::Kind::conflict, "no generation of " + application + " has been promoted yet");
  }
  auto recorded = co_await record_drift(application, &*status);
  if (!recorded) co_return fail(recorded.error());
  co_return status;
}

awaitable<Result<void>> Rollouts::record_drift(std::string application, ApplicationStatus* status) {
  auto note = [seen = *status, now = parts_.clock.now()](store::Transaction& tx) { return note_all(tx, seen, now); };
  auto known = co_await parts_.store.write(std::move(note));
  if (!known) co_return fail(known.error().in("drift of " + application));
  for (HostOfApplication& host : status->hosts) {
    for (const store::HostDrift& drift : *known) {
      if (drift.host == host.host && !host.drift.empty()) host.drifted_since = drift.since;
    }
  }
  co_return Result<void>();
}

awaitable<void> Rollouts::keep_vigil() {
  for (;;) {
    co_await sleep_for(tick);
    auto applications = co_await parts_.store.read(&store::Applications::list);
    if (!applications) continue;
    for (const store::Application& application : *applications) {
      if (application.promoted == 0 || current(application.name)) continue;
      auto begun = co_await look_when_due(application);
      if (!begun) log::debug("drift was not looked for", {{"application", application.name}, {"why", begun.error()}});
    }
  }
}

awaitable<Result<void>> Rollouts::look_when_due(store::Application application) {
  Vigil& vigil = vigils_[application.name];
  const auto now = std::chrono::steady_clock::now();
  if (vigil.generation != application.promoted) {
    auto outline = co_await load_outline(parts_, application.name, application.promoted);
    if (!outline) co_return fail(outline.error());
    vigil.policy = (*outline)->application.policy.drift;
    vigil.generation = application.promoted;
    vigil.next = now + vigil.policy.interval;
  }
  const auto busy = static_cast<std::size_t>(
      std::count_if(vigils_.begin(), vigils_.end(), [](const auto& one) { return one.second.looking; }));
  if (vigil.looking || now < vigil.next || busy >= most_at_once) co_return Result<void>();
  vigil.next = now + vigil.policy.interval;
  vigil.looking = true;
  tasks_.spawn("look for drift", keep_vigil_over(application.name, vigil.policy));
  co_return Result<void>();
}

/// Something that is about to come back by itself, such as the containers of a host that starts, is not healed.
awaitable<void> Rollouts::keep_vigil_over(std::string application, DriftPolicy policy) {
  auto status = co_await look_for_drift(application);
  if (status && policy.heal && !drifted_hosts(*status).empty()) {
    co_await sleep_for(second_look);
    status = co_await look_for_drift(application);
    if (status) co_await heal(application, policy, *status);
  }
  if (!status) log::debug("drift was not looked for", {{"application", application}, {"why", status.error()}});
  vigils_[application].looking = false;
}

awaitable<void> Rollouts::heal(std::string application, DriftPolicy policy, ApplicationStatus status) {
  const std::vector<std::string> hosts = drifted_hosts(status);
  if (hosts.empty()) co_return;
  auto ours = co_await still_ours(application, hosts, 0);
  if (!ours) log::debug("an application is not healed", {{"application", application}, {"why", ours.error()}});
  if (!ours || current(application)) co_return;
  auto add = [application, hosts, policy, generation = status.summary.promoted,
              now = parts_.clock.now()](store::Transaction& tx) -> Result<Turn> {
    if (auto idle = nothing_in_work(tx, application); !idle) return fail(idle.error());
    const auto earlier = store::Rollouts(tx).list(application, healings_searched);
    if (!earlier) return fail(earlier.error());
    if (now < may_heal_from(*earlier, policy.interval, now)) {
      return fail(Error::Kind::conflict, "it was healed a short while ago");
    }
    const auto wanted = store::Rollouts(tx).asked_for(application, healings_searched);
    if (!wanted) return fail(wanted.error());
    if (left_on_purpose(*wanted)) {
      return fail(Error::Kind::conflict, "its last rollout was to leave the hosts as they are");
    }
    store::Rollout rollout;
    rollout.application = application;
    rollout.generation = generation;
    rollout.kind = "heal";
    rollout.plan = plan_for(hosts);
    rollout.requested_by = "slipway";
    rollout.created = now;
    return take_turn(tx, std::move(rollout), Concurrency::queue);
  };
  auto turn = co_await parts_.store.write(std::move(add));
  if (!turn) {
    log::debug("an application is not healed now", {{"application", application}, {"why", turn.error()}});
    co_return;
  }
  log::info("hosts that drifted are healed", {{"application", application}, {"rollout", turn->rollout.id}});
  line_up(*turn);
}

namespace {

/// Under another name it is what any old container is to a rollout: it serves until the right one does, drains, and
/// goes. Who sends requests hears of the name first: of a container that does not get it after all, it has only lost
/// the trail, and the next rollout gives it a new one.
awaitable<Result<void>> rename_drifted(Parts* parts, Place place, std::string container, RolloutId id) {
  auto engine = parts->hosts.engine(place.host);
  if (!engine) co_return fail(engine.error());
  const std::string name = container + "-drifted-" + to_string(id);
  auto told = co_await parts->traffic.rename(place, container, name);
  if (!told) co_return told;
  co_return co_await (*engine)->containers().rename(container, name);
}

awaitable<Result<void>> set_aside_drifted(Parts* parts, std::string host, std::shared_ptr<const Target> target,
                                          RolloutId id) {
  auto engine = parts->hosts.engine(host);
  if (!engine) co_return fail(engine.error());
  auto look = co_await look_for_drift(*engine, parts->store.fleet(), target);
  if (!look) co_return fail(look.error());
  docker::Containers& containers = (*engine)->containers();
  for (const Drift& drift : look->drift) {
    Result<void> done;
    if (drift.kind == Drift::Kind::paused) done = co_await containers.unpause(drift.container);
    if (drift.kind == Drift::Kind::foreign || drift.kind == Drift::Kind::changed) {
      Place place{target->application.name, host};
      done = co_await rename_drifted(parts, std::move(place), drift.container, id);
    }
    const bool gone = !done && (done.error().kind == Error::Kind::not_found ||
                                done.error().kind == Error::Kind::conflict);  // somebody was faster
    if (!done && !gone) co_return fail(done.error().in(drift.container));
  }
  co_return Result<void>();
}

}  // namespace

/// What does not work out here is the plan's to find.
awaitable<void> Rollouts::set_aside(RolloutId id, std::shared_ptr<const Target> target, std::string host) {
  if (!parts_.hosts.engine(host)) co_return;
  auto work = set_aside_drifted(&parts_, host, target, id);
  auto done = co_await with_deadline(healing_limit, std::move(work), "set aside what drifted");
  if (!done) log::warn("drift was not set aside", {{"host", host}, {"rollout", id}, {"why", done.error()}});
}

}  // namespace slipway::rollouts
