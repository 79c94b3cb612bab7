// An application is rebuilt from what its hosts carry, when the daemon that rolled it out has lost its data.
#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/rollouts/adoption.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/rollouts/swarm/swarm_traces.hpp"
#include "orchestrator/store/adoptions.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/projects.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds adoption_limit{10};
constexpr std::int64_t leases_unseen = 1000;  // of hosts that are silent, at most so many above those of the others

/// What can't be read is as good as none: another container or host has it, too.
void read_record(const std::map<std::string, std::string>& labels, const std::string& application, Traces& into) {
  if (add_record(labels, application, into)) return;
  log::warn("a record can't be used", {{"host", into.host}, {"application", application}});
}

awaitable<Result<Traces>> traces_on(docker::Engine* engine, std::string host, std::string application) {
  Traces traces;
  traces.host = host;
  docker::ListContainers what;
  what.filters.label(std::string(label::application), application);
  auto listed = co_await engine->containers().list(std::move(what));
  if (!listed) co_return fail(listed.error());
  for (const docker::ContainerSummary& one : *listed) {
    const Shown shown = shown_from(one);
    traces.newest_rollout = std::max(traces.newest_rollout, shown.rollout);
    if (one.labels.contains(std::string(label::hook))) continue;
    traces.fleets.insert(label_of(one.labels, label::instance));
    traces.containers.push_back(shown);
    read_record(one.labels, application, traces);
  }
  docker::Filters records;
  records.label(std::string(label::application), application).label(std::string(label::record));
  auto volumes = co_await engine->volumes().list(records);
  if (!volumes) co_return fail(volumes.error());
  for (const docker::Volume& volume : *volumes) read_record(volume.labels, application, traces);
  auto fence = co_await newest_fence(engine, application);
  if (!fence) co_return fail(fence.error());
  traces.newest_fence = *fence;
  co_return traces;
}

awaitable<void> look_into(HostDirectory* hosts, std::string application, Traces* into) {
  auto engine = hosts->engine(into->host);
  if (!engine) co_return;
  auto work = traces_on(*engine, into->host, application);
  auto found = co_await with_deadline(adoption_limit, std::move(work), "look at host " + into->host);
  if (found) {
    *into = std::move(*found);
  } else {
    into->reachable = false;
    into->reason = found.error().message;
  }
}

awaitable<Result<Traces>> traces_in(HostDirectory* hosts, std::string swarm, std::string application) {
  auto manager = co_await hosts->manager(swarm);
  if (!manager) co_return fail(manager.error());
  co_return co_await swarm::traces_of(*manager, swarm, application);
}

awaitable<void> look_into_swarm(HostDirectory* hosts, std::string application, Traces* into) {
  auto work = traces_in(hosts, into->host, application);
  auto found = co_await with_deadline(adoption_limit, std::move(work), "look at swarm " + into->host);
  if (found) {
    *into = std::move(*found);
  } else {
    into->reachable = false;
    into->reason = found.error().message;
  }
}

/// A contract migration that was begun closes the way back below it, and nobody knows any more that it was not.
std::string progress_of(const GenerationSpec& spec) {
  const auto policy = policy_of(spec);
  if (!policy || !policy->migrate || !policy->migrate->contract) return "{}";
  return dump_json({{"plan", {{"pace", {{"contract", true}}}}}, {"machine", {{"migrator", "unknown"}}}});
}

store::AdoptedApplication adopted_from(const Findings& findings, const std::string& by) {
  store::AdoptedApplication adopted;
  const GenerationSpec& promoted = findings.promoted.spec;
  adopted.name = promoted.application;
  adopted.fleet = findings.fleet;
  adopted.newest_generation = findings.newest_generation;
  adopted.newest_rollout = findings.newest_rollout;
  adopted.newest_fence = findings.newest_fence + (findings.silent.empty() ? 0 : leases_unseen);
  std::vector<Record> all = findings.earlier;
  all.push_back(findings.promoted);
  for (const Record& record : all) {
    adopted.generations.push_back(to_row(record.spec, RunId(), Time()));
    store::Rollout rollout;
    rollout.generation = record.spec.number;
    rollout.kind = "adopt";
    rollout.state = std::string(name_of(Stage::succeeded));
    rollout.progress = progress_of(record.spec);
    rollout.requested_by = by;
    adopted.rollouts.push_back(std::move(rollout));
  }
  for (const std::string& host : promoted.hosts) {
    store::RolloutHost row;
    row.host = host;
    const bool silent = std::find(findings.silent.begin(), findings.silent.end(), host) != findings.silent.end();
    row.state = silent ? "unknown" : "committed";
    row.detail = silent ? "did not answer when the application was adopted" : "";
    adopted.hosts.push_back(std::move(row));
  }
  return adopted;
}

Result<RolloutId> add(store::Transaction& tx, store::AdoptedApplication adopted, const std::string& project,
                      const std::string& by, Time now) {
  const auto owner = store::Projects(tx).find(project);
  if (!owner) {
    return fail(Error::Kind::not_found, adopted.name + " belongs to project " + project + ", which is not here",
                "slipway project add " + project + " …, or name another one with --project");
  }
  adopted.project = owner->id;
  const std::int64_t generation = adopted.generations.back().number;
  auto id = store::Adoptions(tx).add(adopted, now);
  if (!id) return id;
  store::AuditEntry entry(now, by, "app.adopt");
  entry.data = dump_json({{"application", adopted.name}, {"generation", generation}, {"fleet", adopted.fleet}});
  if (auto noted = store::Audit(tx).add(std::move(entry)); !noted) return fail(noted.error());
  return id;
}

}  // namespace

awaitable<Result<RolloutId>> Rollouts::adopt(AdoptionOrder order) {
  const std::size_t count = parts_.hosts.hosts().size();
  const std::vector<SwarmSettings>& swarms = parts_.hosts.swarms();
  std::vector<Traces> hosts(count + swarms.size());
  std::vector<awaitable<void>> looks;
  for (std::size_t i = 0; i < count; ++i) {
    hosts[i].host = parts_.hosts.hosts()[i].name;
    looks.push_back(look_into(&parts_.hosts, order.application, &hosts[i]));
  }
  for (std::size_t i = 0; i < swarms.size(); ++i) {
    hosts[count + i].host = swarms[i].name;
    looks.push_back(look_into_swarm(&parts_.hosts, order.application, &hosts[count + i]));
  }
  co_await run_all("look for an application", std::move(looks));
  auto findings = findings_from(hosts, order.application, order.generation);
  if (!findings) co_return fail(findings.error());
  auto work = settle_adoption(std::move(order), std::move(*findings));
  co_return co_await tasks_.see_through("adopt an application", std::move(work));
}

awaitable<Result<RolloutId>> Rollouts::settle_adoption(AdoptionOrder order, Findings findings) {
  const std::string project = order.project.empty() ? findings.promoted.project : order.project;
  auto work = [adopted = adopted_from(findings, order.by), project, by = order.by,
               now = parts_.clock.now()](store::Transaction& tx) { return add(tx, adopted, project, by, now); };
  auto id = co_await parts_.store.write(std::move(work));
  if (!id) co_return id;
  parts_.store.use_fleet(findings.fleet);
  for (const std::string& host : findings.silent) behind_.add(order.application, host);
  log::info("an application was adopted", {{"application", order.application},
                                           {"generation", findings.promoted.spec.number},
                                           {"fleet", findings.fleet},
                                           {"by", order.by}});
  co_return id;
}

}  // namespace slipway::rollouts
