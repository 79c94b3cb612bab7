#include "orchestrator/daemon/app_actions.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/rollouts.hpp"

namespace slipway::daemon {
namespace {

/// {"web": "registry/repository@sha256:…"} as a map; anything else in it is left out.
std::map<std::string, std::string> images_of(const std::string& text) {
  std::map<std::string, std::string> images;
  const Result<Json> json = parse_json(text);
  if (!json || !json->is_object()) return images;
  for (const auto& [service, image] : json->items()) {
    if (image.is_string()) images[service] = image.get<std::string>();
  }
  return images;
}

Result<http::AppSummary> summary_of(store::Transaction& tx, const store::Application& app) {
  http::AppSummary summary;
  summary.name = app.name;
  summary.generation = app.promoted;
  if (const Result<store::Project> project = store::Projects(tx).get(app.project)) summary.project = project->name;
  const Result<std::vector<store::Rollout>> newest = store::Rollouts(tx).list(app.name, 1);
  if (!newest) return fail(newest.error());
  if (!newest->empty()) summary.rollout_state = newest->front().state;
  if (app.promoted != 0) {
    const Result<store::Generation> promoted = store::Applications(tx).generation(app.name, app.promoted);
    if (!promoted) return fail(promoted.error());
    summary.promoted_at = promoted->promoted;
  }
  return summary;
}

Result<std::vector<http::AppSummary>> summaries(store::Transaction& tx) {
  const Result<std::vector<store::Application>> apps = store::Applications(tx).list();
  if (!apps) return fail(apps.error());
  std::vector<http::AppSummary> list;
  for (const store::Application& app : *apps) {
    Result<http::AppSummary> one = summary_of(tx, app);
    if (!one) return fail(one.error());
    list.push_back(std::move(*one));
  }
  return list;
}

http::RolloutSummary summary_of(const store::Rollout& rollout, const std::string& images) {
  http::RolloutSummary summary;
  summary.id = rollout.id;
  summary.app = rollout.application;
  summary.generation = rollout.generation;
  summary.kind = rollout.kind;
  summary.state = rollout.state;
  summary.reason = rollout.reason;
  summary.actor = rollout.requested_by;
  summary.run = rollout.run;
  summary.started_at = rollout.created;
  summary.ended_at = rollout.finished;
  summary.images = images_of(images);
  return summary;
}

Result<std::vector<http::RolloutSummary>> rollouts_of(store::Transaction& tx, const std::string& app,
                                                      std::size_t limit) {
  store::Applications applications(tx);
  if (const Result<store::Application> known = applications.get(app); !known) return fail(known.error());
  const Result<std::vector<store::Rollout>> rollouts = store::Rollouts(tx).list(app, limit);
  if (!rollouts) return fail(rollouts.error());
  std::vector<http::RolloutSummary> list;
  for (const store::Rollout& rollout : *rollouts) {
    const Result<store::Generation> generation = applications.generation(app, rollout.generation);
    list.push_back(summary_of(rollout, generation ? generation->images : "{}"));
  }
  return list;
}

}  // namespace

Result<http::AppSummary> AppActions::summary(store::Transaction& tx, const std::string& app) {
  const Result<store::Application> known = store::Applications(tx).get(app);
  if (!known) return fail(known.error());
  return summary_of(tx, *known);
}

awaitable<Result<std::vector<http::AppSummary>>> AppActions::list() {
  auto work = [](store::Transaction& tx) { return summaries(tx); };
  co_return co_await store_.read(std::move(work));
}

awaitable<Result<std::vector<http::RolloutSummary>>> AppActions::history(std::string app, std::size_t limit) {
  auto work = [app, limit](store::Transaction& tx) { return rollouts_of(tx, app, limit); };
  co_return co_await store_.read(std::move(work));
}

awaitable<Result<RolloutId>> AppActions::roll_back(std::string app, http::Actor actor) {
  co_return co_await rollouts_.roll_back(std::move(app), std::move(actor));
}

awaitable<Result<std::vector<http::HostStatus>>> AppActions::hosts() {
  std::vector<http::HostStatus> list;
  for (rollouts::HostStatus& host : co_await hosts_.status()) {
    http::HostStatus shown;
    shown.name = std::move(host.name);
    shown.endpoint = std::move(host.endpoint);
    shown.groups = std::move(host.groups);
    shown.state = host.reachable ? "ok" : "unreachable";
    shown.engine_version = std::move(host.engine_version);
    shown.reason = std::move(host.reason);
    list.push_back(std::move(shown));
  }
  co_return list;
}

}  // namespace slipway::daemon
