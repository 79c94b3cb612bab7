// How one rollout of the queue is worked on: leased, planned or taken up again, driven to its end.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/rollouts/journal.hpp"
#include "orchestrator/rollouts/obstacles.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/rollouts/swarm/swarm_plan.hpp"
#include "orchestrator/rollouts/swarm/swarm_view.hpp"
#include "orchestrator/store/applications.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds look_limit{10'000};

awaitable<void> look_into(HostDirectory* hosts, Whose whose, HostView* into) {
  auto engine = hosts->engine(into->host);
  into->reachable = false;
  if (!engine) co_return;
  auto look = look_at_host((*engine)->containers(), std::move(whose));
  auto shown = co_await with_deadline(look_limit, std::move(look), "look at host " + into->host);
  if (!shown) co_return;
  into->reachable = true;
  into->containers = std::move(*shown);
}

/// From another daemon, once, if a person asked for it. What slipway does by itself, or takes up again after a restart,
/// does not take an application over.
bool may_take_over(const store::Rollout& rollout) {
  return rollout.fence == 0 && rollout.kind != "heal" && rollout.kind != "catch_up";
}

/// Generations of what runs that neither of the two asks for.
std::set<std::int64_t> older_generations(const std::vector<HostView>& hosts, const Target& one, const Target& other) {
  std::set<std::string> known;
  for (const Wanted& wanted : one.wanted) known.insert(wanted.name);
  for (const Wanted& wanted : other.wanted) known.insert(wanted.name);
  std::set<std::int64_t> older;
  for (const HostView& host : hosts) {
    for (const Shown& shown : host.containers) {
      if (shown.running && shown.generation > 0 && !known.contains(shown.name)) older.insert(shown.generation);
    }
  }
  return older;
}

/// That nothing of the generation's secrets and configs is lost.
Result<void> check_whole(const Assignment& assignment) {
  const std::map<std::string, std::string>& lost = assignment.forward->lost;
  if (lost.empty()) return {};
  const std::string what = "generation " + std::to_string(assignment.rollout.generation);
  return fail(Error::Kind::not_found, what + ": " + lost.begin()->second);
}

/// Whether what runs of one generation is in the way of the other, or its way back.
bool same_place(const GenerationSpec& one, const GenerationSpec& other) {
  if (other.releases.empty()) return true;
  if (!one.swarm && !other.swarm) return true;
  return one.swarm == other.swarm && one.hosts == other.hosts;
}

}  // namespace

awaitable<std::vector<HostView>> Rollouts::look_at(std::vector<std::string> hosts, Whose whose) {
  std::vector<HostView> views(hosts.size());
  std::vector<awaitable<void>> looks;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    views[i].host = hosts[i];
    looks.push_back(look_into(&parts_.hosts, whose, &views[i]));
  }
  co_await run_all("look at hosts", std::move(looks));
  co_return views;
}

awaitable<Result<std::int64_t>> Rollouts::take_lease(WorkPtr work, store::Rollout rollout, std::string holder) {
  std::int64_t others = 0;
  if (may_take_over(rollout)) {
    auto newest = co_await fence_of_others(rollout);
    if (!newest) co_return fail(newest.error());
    others = *newest;
  }
  for (;;) {
    auto fence =
        co_await parts_.store.write(&store::Rollouts::lease_above, work->id, others, holder, parts_.clock.now());
    if (fence) work->fence = *fence;
    if (fence || !fence.error().transient()) co_return fence;
    co_await sleep_for(retry_pause);
  }
}

/// As when another one turns up in the middle of a rollout.
awaitable<Result<void>> Rollouts::leave_to_others(WorkPtr work, store::Rollout rollout, Error why) {
  auto fence = co_await take_lease(work, rollout, random_hex(8));
  if (!fence) co_return fail(fence.error());
  work->say("failed: " + why.message);
  const std::string reason = why.message + "; hosts are left to it as they are";
  auto ended = co_await end_unworked(rollout, *fence, Stage::failed, reason);
  if (ended && rollout.kind == "catch_up") {
    for (const std::string& host : hosts_of(rollout)) put_off(rollout.application, host, why.message);
  }
  co_return ended;
}

awaitable<Result<void>> Rollouts::run_one(WorkPtr work) {
  auto rollout = co_await parts_.store.read(&store::Rollouts::get, work->id);
  if (!rollout) co_return fail(rollout.error());
  if (rollout->ended) co_return Result<void>();
  if (!may_take_over(*rollout)) {
    auto ours = co_await still_ours(rollout->application, hosts_of(*rollout), rollout->fence);
    if (!ours && ours.error().kind != Error::Kind::conflict) co_return ours;
    if (!ours) co_return co_await leave_to_others(work, *rollout, ours.error());
  }
  const std::string holder = random_hex(8);
  auto fence = co_await take_lease(work, *rollout, holder);
  if (!fence) co_return fail(fence.error());
  auto assignment = co_await assign(work, *rollout);
  if (!assignment && assignment.error().transient()) co_return fail(assignment.error());
  if (!assignment) {
    work->say("given up: " + assignment.error().message);
    auto given_up = co_await give_up(*rollout, *fence, assignment.error());
    if (given_up && rollout->kind == "catch_up") {
      for (const std::string& host : hosts_of(*rollout))
        put_off(rollout->application, host, assignment.error().message);
    }
    co_return given_up;
  }
  assignment->fence = *fence;
  assignment->holder = holder;
  assignment->say = [work](std::string line) { work->say(std::move(line)); };
  assignment->waits = [work](std::string why) {
    if (work->waits == why) return;
    work->waits = std::move(why);
    work->changed.cancel();
  };
  work->driver = std::make_unique<Driver>(parts_, std::move(*assignment));
  work->changed.cancel();
  auto done = co_await work->driver->run();
  const Progress& progress = work->driver->progress();
  if (is_end(progress.stage)) {
    note_lost_hosts(*rollout, progress);
    work->changed_hosts = work->driver->changed_to_the_end();
    work->say(std::string(name_of(progress.stage)) + (progress.reason.empty() ? "" : ": " + progress.reason));
    log::info("rollout ended", {{"rollout", work->id},
                                {"application", work->application},
                                {"state", name_of(progress.stage)},
                                {"reason", progress.reason}});
  }
  co_return done;
}

awaitable<Result<Assignment>> Rollouts::assign(WorkPtr work, store::Rollout rollout) {
  Assignment assignment;
  assignment.rollout = rollout;
  auto application = co_await parts_.store.read(&store::Applications::get, rollout.application);
  if (!application) co_return fail(application.error());
  const bool to_promoted = rollout.kind == "heal" || rollout.kind == "catch_up";
  if (to_promoted && application->promoted != promoted_for(rollout)) {
    co_return fail(Error::Kind::conflict, "another generation was promoted since it was asked for");
  }
  const bool to_nothing = goes_to_nothing(rollout);
  const std::int64_t generation = to_nothing ? promoted_for(rollout) : rollout.generation;
  auto nothing = co_await load_nothing(parts_, rollout.application, generation);
  if (!nothing) co_return fail(nothing.error());
  assignment.nothing = *nothing;
  auto forward = nothing;
  if (!to_nothing) forward = co_await load_target(parts_, rollout.application, generation);
  if (!forward) co_return fail(forward.error());
  auto back = co_await load_target(parts_, rollout.application, to_nothing ? 0 : application->promoted);
  // From hosts to a swarm and from one swarm to another there is no way back: what ran there was left alone.
  if (back && !same_place((*forward)->spec, (*back)->spec)) back = nothing;
  if (!back) co_return fail(back.error());
  assignment.forward = *forward;
  assignment.back = *back;
  auto kept = parse_json(rollout.progress);
  if (!kept || !kept->contains("machine")) co_return co_await plan(work, std::move(assignment));
  auto plan = parse_plan(value_at(*kept, "plan").dump());
  if (!plan) co_return fail(plan.error());
  auto progress = parse_progress(value_at(*kept, "machine").dump());
  if (!progress) co_return fail(progress.error());
  assignment.plan = std::move(*plan);
  assignment.progress = std::move(*progress);
  assignment.notes = notes_from(value_at(*kept, "notes"));
  assignment.probes = ProbeLog::from(value_at(*kept, "probes"));
  assignment.resumed = true;
  work->say("taken up again after a restart, " + std::string(name_of(assignment.progress.stage)));
  co_return assignment;
}

/// Whether its routes' requests can be weighed, on all of them.
Result<bool> Rollouts::check_routes(const Application& application, const std::vector<std::string>& hosts) const {
  bool routed = false;
  for (const Service& service : application.services) {
    routed = routed || service.route;
    for (const std::string& host : hosts) {
      if (!service.route) continue;
      Result<void> good = parts_.traffic.check(host, *service.route);
      if (!good) return fail(std::move(good.error()).in("the route of service '" + service.name + "' on " + host));
    }
  }
  return routed && std::all_of(hosts.begin(), hosts.end(),
                               [this](const std::string& host) { return parts_.traffic.weighs(host); });
}

/// Hosts of the promoted generation that the new one is not for. A deployment that leaves all of them is not meant: it
/// goes to another place, say to production after staging, and would end what runs in the first. Those that the
/// settings do not have any more can't be meant, nor asked: they are left as a host is that does not answer.
Result<std::set<std::string>> Rollouts::hosts_it_leaves(const Assignment& assignment) const {
  std::set<std::string> leaving;
  const store::Rollout& rollout = assignment.rollout;
  if (rollout.kind != "deploy" && rollout.kind != "rollback") return leaving;
  std::set<std::string> known;
  bool stays = false;
  for (const std::string& host : assignment.back->spec.hosts) {
    const bool goes = !assignment.forward->is_for(host);
    stays = stays || !goes;
    if (goes) leaving.insert(host);
    if (goes && parts_.hosts.find(host) != nullptr) known.insert(host);
  }
  if (!stays && !known.empty() && rollout.kind == "deploy") {
    return fail(Error::Kind::conflict,
                rollout.application + " runs on " + joined(known) +
                    ", and this deployment is for none of them: for another place give it another name "
                    "there (the job's deploy.application), to move it there roll it out to both first");
  }
  return leaving;
}

awaitable<Result<Assignment>> Rollouts::plan(WorkPtr work, Assignment assignment) {
  if (assignment.forward->application.for_swarm) co_return co_await plan_for_swarm(work, std::move(assignment));
  // These two set aside what drifted, before it is known which containers need what is lost.
  const bool sets_aside = assignment.rollout.kind == "heal" || assignment.rollout.kind == "redeploy";
  if (auto whole = check_whole(assignment); sets_aside && !whole) co_return fail(whole.error());
  PlanInput input;
  input.application = assignment.forward->application;
  input.previous_application = assignment.back->application;
  input.wanted = assignment.forward->wanted;
  input.previous = assignment.back->wanted;
  const std::string& kind = assignment.rollout.kind;
  input.migrate = kind == "deploy";
  input.rollback = kind != "deploy" && kind != "redeploy";
  std::vector<std::string> hosts = hosts_of(assignment.rollout);
  auto weighs = check_routes(input.application, hosts);
  if (!weighs) co_return fail(weighs.error());
  input.weighs = *weighs;
  auto leaving = hosts_it_leaves(assignment);
  if (!leaving) co_return fail(leaving.error());
  if (sets_aside) {
    std::vector<awaitable<void>> asides;
    asides.reserve(hosts.size());
    for (const std::string& host : hosts) asides.push_back(set_aside(work->id, assignment.forward, host));
    co_await run_all("set aside what drifted", std::move(asides));
  }
  hosts.insert(hosts.end(), leaving->begin(), leaving->end());
  input.hosts = co_await look_at(std::move(hosts), whose(parts_.store.fleet(), assignment.forward->spec));
  for (HostView& view : input.hosts) {
    view.leaves = leaving->count(view.host) != 0;
    if (parts_.hosts.find(view.host) != nullptr) continue;
    auto had = co_await parts_.store.read(&store::Rollouts::generation_on, assignment.rollout.application, view.host);
    if (!had) co_return fail(had.error());
    view.gone = why_gone(*had);
  }
  for (const std::int64_t number : older_generations(input.hosts, *assignment.forward, *assignment.back)) {
    // One that can't be read, or is known to another daemon only, has the usual times.
    auto outline = co_await load_outline(parts_, assignment.rollout.application, number);
    if (outline) input.older.push_back((*outline)->application);
  }
  auto made = make_plan(input);
  if (!made) co_return fail(made.error());
  auto looking = find_obstacles(&parts_, assignment.forward, *made, input.hosts,
                                Maker{parts_.store.fleet(), assignment.rollout.id.value});
  if (auto free = co_await std::move(looking); !free) co_return fail(free.error());
  assignment.plan = std::move(*made);
  assignment.progress = first_progress(assignment.plan);
  const Plan& plan = assignment.plan;
  const std::string what =
      "generation " + std::to_string(assignment.rollout.generation) + " of " + assignment.rollout.application;
  if (goes_to_nothing(assignment.rollout)) {
    work->say("what " + plan.hosts.front().host + " still has of " + assignment.rollout.application +
              " is taken away: generation " + std::to_string(assignment.rollout.generation) +
              " left it, or went back, while that was not possible");
  } else {
    work->say(what + " to " + std::to_string(plan.hosts.size()) + " hosts, " + std::string(name_of(plan.pace.order)) +
              ", min_healthy " + std::to_string(plan.pace.min_healthy));
  }
  if (plan.pace.migrates) {
    work->say(std::string("first the migration, which ") +
              (plan.pace.contract ? "is a contract: later this generation can't be rolled back, unless forced"
                                  : "leaves earlier generations able to run"));
  }
  for (std::size_t i = 0; i < plan.batches.size(); ++i) {
    work->say("batch " + std::to_string(i + 1) + ": " + joined(plan.batches[i]));
  }
  for (const std::string& note : plan.notes) work->say("note: " + note);
  if (const std::string& why = assignment.forward->no_record; !why.empty()) {
    work->say("note: from its hosts alone this generation can't be adopted: " + why);
  }
  co_return assignment;
}

namespace {

awaitable<Result<void>> look_into(HostDirectory* hosts, std::string instance, swarm::SwarmPlanInput* into) {
  auto manager = co_await hosts->manager(into->swarm);
  if (!manager) co_return fail(manager.error());
  auto services = co_await swarm::look_at_services(*manager, std::move(instance), into->application.name);
  if (!services) co_return fail(services.error());
  auto nodes = co_await swarm::node_names(*manager);
  if (!nodes) co_return fail(nodes.error());
  into->services = std::move(*services);
  into->nodes = nodes->size();
  co_return Result<void>();
}

}  // namespace

awaitable<Result<Assignment>> Rollouts::plan_for_swarm(WorkPtr work, Assignment assignment) {
  if (auto whole = check_whole(assignment); !whole) co_return fail(whole.error());
  swarm::SwarmPlanInput input;
  input.swarm = assignment.forward->spec.hosts.front();
  input.application = assignment.forward->application;
  input.wanted = assignment.forward->wanted;
  input.has_previous = !assignment.back->wanted.empty();
  const std::string& kind = assignment.rollout.kind;
  input.rollback = kind != "deploy" && kind != "redeploy";
  auto looking = look_into(&parts_.hosts, parts_.store.fleet(), &input);
  auto looked = co_await with_deadline(look_limit, std::move(looking), "look at swarm " + input.swarm);
  if (!looked && !looked.error().transient()) co_return fail(looked.error());
  input.reachable = looked.has_value();
  assignment.plan = swarm::make_swarm_plan(input);
  assignment.progress = first_progress(assignment.plan);
  const PlannedHost& planned = assignment.plan.hosts.front();
  work->say("generation " + std::to_string(assignment.rollout.generation) + " of " + assignment.rollout.application +
            " to swarm " + input.swarm);
  const auto say_of = [&](const char* what, const std::vector<std::string>& services) {
    if (!services.empty()) work->say(what + joined(services));
  };
  say_of("services to create: ", planned.create);
  say_of("services to update: ", planned.start);
  say_of("services that stay as they are: ", planned.keep);
  say_of("services to remove: ", planned.stop);
  for (const std::string& note : assignment.plan.notes) work->say("note: " + note);
  co_return assignment;
}

/// Nothing can be done about it, and if it had not begun, nothing was.
awaitable<Result<void>> Rollouts::give_up(store::Rollout rollout, std::int64_t fence, Error why) {
  const Stage stage = stage_given_up(rollout);
  std::string reason = why.message;
  if (!why.hint.empty()) reason += " (" + why.hint + ")";
  if (stage == Stage::rolled_back) reason += "; nothing was changed";
  if (stage == Stage::succeeded) reason += "; it was promoted before, and what it replaced may not be tidied up";
  co_return co_await end_unworked(rollout, fence, stage, reason);
}

awaitable<Result<void>> Rollouts::end_unworked(store::Rollout rollout, std::int64_t fence, Stage stage,
                                               std::string reason) {
  store::RolloutProgress row;
  row.state = std::string(name_of(stage));
  row.ended = true;
  row.reason = std::move(reason);
  row.progress = rollout.progress;
  row.at = parts_.clock.now();
  co_return co_await parts_.store.persist(&store::Rollouts::save, rollout.id, fence, row);
}

}  // namespace slipway::rollouts
