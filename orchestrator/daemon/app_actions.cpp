#include "orchestrator/daemon/app_actions.hpp"

#include <algorithm>
#include <set>

#include <boost/asio/post.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/daemon/app_log_masker.hpp"
#include "orchestrator/rollouts/origin.hpp"
#include "orchestrator/rollouts/probe_log.hpp"
#include "orchestrator/runs/run_context.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/rollouts.hpp"
#include "orchestrator/store/trail.hpp"

namespace slipway::daemon {
namespace {

constexpr std::size_t masked_in_a_turn = 256 << 10;  // bytes of applications' logs

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

std::string_view word_of(rollouts::Health health) {
  switch (health) {
    case rollouts::Health::healthy:
      return "healthy";
    case rollouts::Health::unhealthy:
      return "unhealthy";
    default:
      return "";
  }
}

rollouts::Verb verb_of(http::RolloutWish wish) {
  switch (wish) {
    case http::RolloutWish::pause:
      return rollouts::Verb::pause;
    case http::RolloutWish::resume:
      return rollouts::Verb::resume;
    case http::RolloutWish::stop:
      return rollouts::Verb::stop;
    case http::RolloutWish::promote:
      return rollouts::Verb::promote;
    case http::RolloutWish::promote_all:
      return rollouts::Verb::promote_all;
    case http::RolloutWish::roll_back:
      break;
  }
  return rollouts::Verb::roll_back;
}

std::string digest_in(const std::string& image) {
  const auto at = image.rfind('@');
  return at == std::string::npos ? image : image.substr(at + 1);
}

http::AppHost host_of(const rollouts::HostOfApplication& host, const std::map<std::string, std::string>& images) {
  http::AppHost shown;
  shown.host = host.host;
  shown.state = host.state;
  shown.reason = host.reason;
  shown.drifted_since = host.drifted_since;
  std::set<std::string> surplus;
  for (const rollouts::Drift& drift : host.drift) {
    shown.drift.push_back({std::string(name_of(drift.kind)), drift.service, drift.container, drift.what});
    if (drift.kind == rollouts::Drift::Kind::surplus) surplus.insert(drift.container);
  }
  for (const rollouts::Shown& container : host.containers) {
    if (!container.running) continue;
    shown.generation = std::max(shown.generation, container.generation);
    const auto image = images.find(container.service);
    const bool wanted = image != images.end() && !surplus.contains(container.name);
    shown.containers.push_back({container.service, container.name, container.digest, container.status,
                                std::string(word_of(container.health)),
                                wanted ? digest_in(image->second) : std::string()});
  }
  return shown;
}

std::vector<http::ProbeStage> probes_of(const store::Rollout& rollout) {
  std::vector<http::ProbeStage> stages;
  const auto progress = parse_json(rollout.progress);
  if (!progress) return stages;
  const rollouts::ProbeLog log = rollouts::ProbeLog::from(value_at(*progress, "probes"));
  for (const rollouts::ProbeLog::Stage& one : log.stages()) {
    const rollouts::ProbeFigures& seen = one.figures;
    const auto at = [&](double share) { return seen.latency.quantile(share).count(); };
    stages.push_back({one.name, seen.requests, seen.failures, seen.unreachable, seen.unanswered, at(0.5), at(0.9),
                      at(0.99), seen.slowest.count()});
  }
  return stages;
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
  summary.probes = probes_of(rollout);
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

/// What matters of a line of the audit trail beyond who did what to which rollout.
std::string detail_of(const store::AuditEntry& entry) {
  const Result<Json> data = parse_json(entry.data);
  if (!data) return {};
  for (const char* key : {"reason", "window"}) {
    if (const std::string text = text_at(*data, key); !text.empty()) return text;
  }
  return {};
}

Result<http::RolloutAudit> audit_of(store::Transaction& tx, const store::Rollout& rollout) {
  http::RolloutAudit audit;
  const Result<store::Generation> generation =
      store::Applications(tx).generation(rollout.application, rollout.generation);
  audit.rollout = summary_of(rollout, generation ? generation->images : "{}");
  audit.fence = rollout.fence;
  audit.evidence = rollout.evidence;
  if (audit.evidence == "{}") audit.evidence = rollouts::evidence_of(tx, rollout.application, rollout.generation);
  const auto trail = store::Trail(tx).list(rollout.id);
  if (!trail) return fail(trail.error());
  for (const store::TrailEntry& one : *trail) {
    audit.entries.push_back({one.at, one.fence, one.host, "", one.what, one.detail});
  }
  const auto words = store::Audit(tx).of_rollout(rollout.id);
  if (!words) return fail(words.error());
  for (const store::AuditEntry& one : *words) {
    audit.entries.push_back({one.at, 0, "", one.who, one.what, detail_of(one)});
  }
  std::stable_sort(audit.entries.begin(), audit.entries.end(),
                   [](const http::RolloutEntry& a, const http::RolloutEntry& b) { return a.at < b.at; });
  return audit;
}

Result<std::vector<http::RolloutAudit>> audits_of(store::Transaction& tx, const std::string& app, std::size_t limit) {
  if (const Result<store::Application> known = store::Applications(tx).get(app); !known) return fail(known.error());
  const Result<std::vector<store::Rollout>> rollouts = store::Rollouts(tx).list(app, limit);
  if (!rollouts) return fail(rollouts.error());
  std::vector<http::RolloutAudit> audits;
  for (const store::Rollout& rollout : *rollouts) {
    Result<http::RolloutAudit> audit = audit_of(tx, rollout);
    if (!audit) return fail(audit.error());
    audits.push_back(std::move(*audit));
  }
  return audits;
}

Result<std::vector<http::AppWaiting>> waiting_of(store::Transaction& tx, const std::string& app) {
  const Result<std::vector<store::Rollout>> open = store::Rollouts(tx).open(app);
  if (!open) return fail(open.error());
  std::vector<http::AppWaiting> list;
  for (const store::Rollout& rollout : *open) {
    if (rollout.fence != 0) continue;
    http::AppWaiting waiting;
    waiting.rollout = rollout.id;
    waiting.generation = rollout.generation;
    waiting.kind = rollout.kind;
    waiting.state = rollout.state;
    waiting.reason = rollout.reason;
    waiting.asked_by = rollout.requested_by;
    if (const auto hold = rollouts::hold_of(rollout); hold && !hold->approved()) {
      waiting.roles = hold->approval->roles;
      for (const rollouts::Approval& one : hold->approvals) {
        waiting.approvals.push_back({one.by, one.role, one.at, one.reason});
      }
    }
    const Result<store::Generation> generation = store::Applications(tx).generation(app, rollout.generation);
    if (generation) waiting.images = images_of(generation->images);
    list.push_back(std::move(waiting));
  }
  return list;
}

}  // namespace

awaitable<http::AppSummary> AppActions::describe(rollouts::ApplicationSummary summary) {
  http::AppSummary app;
  app.name = summary.name;
  app.generation = summary.promoted;
  app.promoted_at = summary.promoted_at;
  if (summary.newest) app.rollout_state = summary.newest->state;
  const Result<store::Project> project = co_await parts_.store.read(&store::Projects::get, summary.project);
  if (project) app.project = project->name;
  co_return app;
}

awaitable<Result<std::vector<http::AppSummary>>> AppActions::list() {
  Result<std::vector<rollouts::ApplicationSummary>> known = co_await inventory_.list();
  if (!known) co_return fail(known.error());
  std::vector<http::AppSummary> apps;
  for (rollouts::ApplicationSummary& summary : *known) apps.push_back(co_await describe(std::move(summary)));
  co_return apps;
}

awaitable<Result<http::AppStatus>> AppActions::status(std::string app) {
  Result<rollouts::ApplicationStatus> found = co_await inventory_.status(std::move(app));
  if (!found) co_return fail(found.error());
  co_return co_await describe(std::move(*found));
}

awaitable<Result<http::AppStatus>> AppActions::look_for_drift(std::string app) {
  Result<rollouts::ApplicationStatus> found = co_await rollouts_.look_for_drift(std::move(app));
  if (!found) co_return fail(found.error());
  co_return co_await describe(std::move(*found));
}

awaitable<http::AppStatus> AppActions::describe(rollouts::ApplicationStatus found) {
  http::AppStatus status;
  auto look = [app = found.summary.name](store::Transaction& tx) { return waiting_of(tx, app); };
  Result<std::vector<http::AppWaiting>> waiting = co_await parts_.store.read(std::move(look));
  if (waiting) status.waiting = std::move(*waiting);
  status.summary = co_await describe(std::move(found.summary));
  status.images = std::move(found.images);
  for (const rollouts::HostOfApplication& host : found.hosts) status.hosts.push_back(host_of(host, status.images));
  co_return status;
}

awaitable<Result<std::shared_ptr<const logs::MaskPatterns>>> AppActions::masks_of(std::string app) {
  Result<store::Application> known = co_await parts_.store.read(&store::Applications::get, app);
  if (!known) co_return fail(known.error());
  Result<store::Project> project = co_await parts_.store.read(&store::Projects::get, known->project);
  if (!project) co_return fail(project.error());
  Result<runs::ProjectAccess> access = co_await secrets_.access(std::move(*project));
  if (!access) co_return fail(std::move(access.error()).in("secrets to mask in the log of " + app));
  co_return runs::masks_for(*access);
}

awaitable<Result<http::AppLogs>> AppActions::logs(http::AppLogsOrder order) {
  // Before the lines: one that is replaced meanwhile is what the containers have.
  Result<std::shared_ptr<const logs::MaskPatterns>> masks = co_await masks_of(order.app);
  if (!masks) co_return fail(masks.error());
  Result<rollouts::ApplicationLogs> found = co_await inventory_.logs(order.app, order.service, order.host, order.tail);
  if (!found) co_return fail(found.error());
  AppLogMasker masker(std::move(*masks));
  http::AppLogs logs;
  std::size_t bytes = 0;
  for (rollouts::ApplicationLine& line : found->lines) {
    std::string shown = masker.mask(line);
    bytes += line.text.size();
    logs.lines.push_back({std::move(line.host), std::move(line.service), std::move(line.container),
                          std::move(line.stream), std::move(line.time), std::move(shown)});
    if (bytes < masked_in_a_turn) continue;
    bytes = 0;
    co_await asio::post(parts_.executor, use_awaitable);
  }
  for (rollouts::UnreadHost& one : found->unread) logs.unread.push_back({std::move(one.host), std::move(one.reason)});
  co_return logs;
}

awaitable<Result<std::vector<http::RolloutSummary>>> AppActions::history(std::string app, std::size_t limit) {
  auto work = [app, limit](store::Transaction& tx) { return rollouts_of(tx, app, limit); };
  co_return co_await parts_.store.read(std::move(work));
}

awaitable<Result<std::vector<http::RolloutAudit>>> AppActions::audit(std::string app, std::size_t limit) {
  auto work = [app, limit](store::Transaction& tx) { return audits_of(tx, app, limit); };
  co_return co_await parts_.store.read(std::move(work));
}

awaitable<Result<http::RolloutAudit>> AppActions::audit(RolloutId id) {
  auto work = [id](store::Transaction& tx) -> Result<http::RolloutAudit> {
    const Result<store::Rollout> rollout = store::Rollouts(tx).get(id);
    if (!rollout) return fail(rollout.error());
    return audit_of(tx, *rollout);
  };
  co_return co_await parts_.store.read(std::move(work));
}

awaitable<Result<RolloutId>> AppActions::roll_back(std::string app, bool force, http::Actor actor) {
  co_return co_await rollouts_.roll_back(std::move(app), std::move(actor), force);
}

awaitable<Result<RolloutId>> AppActions::redeploy(std::string app, bool recreate, http::Actor actor) {
  co_return co_await rollouts_.redeploy(std::move(app), recreate, std::move(actor));
}

awaitable<Result<RolloutId>> AppActions::ask(std::string app, http::RolloutWish wish, http::Actor actor) {
  co_return co_await rollouts_.ask_current(std::move(app), verb_of(wish), std::move(actor));
}

awaitable<Result<RolloutId>> AppActions::approve(http::AppWord from, http::Actor actor) {
  rollouts::Word word;
  word.by = std::move(actor);
  word.roles = std::move(from.roles);
  word.reject = from.reject;
  word.reason = std::move(from.reason);
  co_return co_await rollouts_.take_word(std::move(from.app), from.generation, std::move(word));
}

awaitable<Result<RolloutId>> AppActions::begin_outside_window(std::string app, http::Actor actor) {
  co_return co_await rollouts_.begin_outside_window(std::move(app), std::move(actor));
}

awaitable<Result<http::AppStatus>> AppActions::adopt(http::AppAdoption adoption, http::Actor actor) {
  rollouts::AdoptionOrder order;
  order.application = adoption.app;
  order.project = std::move(adoption.project);
  order.generation = adoption.generation;
  order.by = std::move(actor);
  const Result<RolloutId> adopted = co_await rollouts_.adopt(std::move(order));
  if (!adopted) co_return fail(adopted.error());
  co_return co_await status(std::move(adoption.app));
}

awaitable<Result<http::AppTaken>> AppActions::take_over(http::AppTakeover from, http::Actor actor) {
  rollouts::TakeoverOrder order;
  order.application = from.app;
  order.project = std::move(from.project);
  order.generation.compose.text = std::move(from.compose);
  order.generation.compose.path = std::move(from.path);
  for (auto& [name, value] : from.variables) order.generation.compose.variables[name] = std::move(value);
  order.generation.files = std::move(from.files);
  order.generation.group = std::move(from.group);
  order.by = std::move(actor);
  auto taken = co_await rollouts_.take_over(std::move(order));
  if (!taken) co_return fail(taken.error());
  auto shown = co_await status(std::move(from.app));
  if (!shown) co_return fail(shown.error());
  co_return http::AppTaken{std::move(*shown), std::move(taken->notes)};
}

awaitable<Result<std::vector<http::HostStatus>>> AppActions::hosts() {
  std::vector<http::HostStatus> list;
  for (rollouts::HostStatus& host : co_await parts_.hosts.status()) {
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
