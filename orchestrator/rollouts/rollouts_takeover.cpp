// What Docker Compose runs on hosts becomes an application of slipway's, and goes on running.
#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/rollouts/compose/env_file.hpp"
#include "orchestrator/rollouts/compose_takeover.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/store/adoptions.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/projects.hpp"

namespace slipway::rollouts {
namespace {

/// The file, its name and its hosts, before anything is asked of those.
Result<Application> decode(const TakeoverOrder& order, ComposeRules rules) {
  rules.project = order.project;
  ComposeText text = order.generation.compose;
  text.group = order.generation.group;
  auto application = decode_compose(text, rules);
  if (!application) return application;
  if (application->name != order.application) {
    return fail(
        Error::Kind::invalid,
        text.path + " is application '" + application->name + "', not '" + order.application + "'",
        "an application has the name of its project of Docker Compose: write `name: " + order.application + "`");
  }
  if (application->for_swarm) {
    return fail(Error::Kind::invalid,
                "Docker Compose runs nothing on a swarm: the application's targets have to be hosts");
  }
  if (auto merged = merge_env_files(*application, order.generation.files, text.variables); !merged) {
    return fail(merged.error());
  }
  return application;
}

/// What the store knows of it by now, before a host is touched. The commit asks again.
Result<std::int64_t> next_number(store::Transaction& tx, const std::string& application) {
  const auto known = store::Applications(tx).get(application);
  if (known && known->promoted != 0) {
    return fail(Error::Kind::conflict, application + " is known here already", "slipway app status " + application);
  }
  const auto newest = store::Applications(tx).generations(application, 1);
  if (!newest) return fail(newest.error());
  return newest->empty() ? 1 : newest->front().number + 1;
}

struct Committed {
  GenerationSpec spec;
  ProjectId project;
  std::string fleet;
  std::string by;
  Time at;
};

Result<RolloutId> commit(store::Transaction& tx, const Committed& what) {
  store::AdoptedApplication adopted;
  adopted.name = what.spec.application;
  adopted.project = what.project;
  adopted.fleet = what.fleet;
  adopted.newest_generation = what.spec.number;
  adopted.generations.push_back(to_row(what.spec, RunId(), what.at));
  store::Rollout rollout;
  rollout.generation = what.spec.number;
  rollout.kind = "adopt";
  rollout.state = std::string(name_of(Stage::succeeded));
  rollout.progress = "{}";
  rollout.requested_by = what.by;
  adopted.rollouts.push_back(std::move(rollout));
  for (const std::string& host : what.spec.hosts) {
    store::RolloutHost& row = adopted.hosts.emplace_back();
    row.host = host;
    row.state = "committed";
  }
  auto id = store::Adoptions(tx).add(adopted, what.at);
  if (!id) return id;
  store::AuditEntry entry(what.at, what.by, "app.adopt");
  entry.data = dump_json({{"application", adopted.name}, {"generation", what.spec.number}, {"from", "docker compose"}});
  if (auto noted = store::Audit(tx).add(std::move(entry)); !noted) return fail(noted.error());
  return id;
}

}  // namespace

awaitable<Result<Takeover>> Rollouts::take_over(TakeoverOrder order) {
  auto application = decode(order, parts_.rules);
  if (!application) co_return fail(application.error());
  auto owner = co_await parts_.store.read(&store::Projects::find, order.project);
  if (!owner) {
    co_return fail(owner.error().kind, "there is no project " + order.project,
                   "slipway project add " + order.project + " …");
  }
  order.generation.project = owner->id;
  auto ask = [name = order.application](store::Transaction& tx) { return next_number(tx, name); };
  auto number = co_await parts_.store.read(std::move(ask));
  if (!number) co_return fail(number.error());
  std::vector<std::string> targets = application->policy.targets;
  if (!order.generation.group.empty()) targets = {order.generation.group};
  auto hosts = parts_.hosts.resolve(targets);
  if (!hosts) co_return fail(hosts.error());

  ComposeTakeover takeover(parts_, *application);
  if (auto looked = co_await takeover.look(*hosts); !looked) co_return fail(looked.error());
  auto images = co_await takeover.images();
  if (!images) co_return fail(images.error());
  order.generation.images = std::move(*images);
  auto spec = co_await make_generation(parts_, order.generation);
  if (!spec) co_return fail(spec.error());
  spec->number = *number;
  spec->from_compose = true;
  for (Release& release : spec->releases) {
    release.generation = *number;
    release.adopted = true;
  }
  auto unlike = co_await takeover.unlike_file(*spec);
  if (!unlike) co_return fail(unlike.error());
  Takeover taken;
  for (Release& release : spec->releases) {
    const auto found = unlike->find(release.service);
    if (found == unlike->end()) continue;
    release.spec_hash = unlike_its_file;
    taken.notes.insert(taken.notes.end(), found->second.begin(), found->second.end());
  }
  if (auto renamed = co_await takeover.rename(*spec); !renamed) co_return fail(renamed.error());
  const Committed what{*spec, owner->id, parts_.store.fleet(), order.by, parts_.clock.now()};
  auto work = [what](store::Transaction& tx) { return commit(tx, what); };
  auto id = co_await parts_.store.write(std::move(work));
  if (!id) co_return fail(id.error());
  taken.rollout = *id;
  log::info("an application was taken over from Docker Compose",
            {{"application", order.application}, {"generation", *number}, {"by", order.by}});
  co_return taken;
}

}  // namespace slipway::rollouts
