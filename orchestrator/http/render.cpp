#include "orchestrator/http/render.hpp"

#include <nlohmann/json.hpp>

#include "base/http_client.hpp"

namespace slipway::http {
namespace {

Json time_or_null(const std::optional<Time>& time) {
  return time ? Json(format_time(*time)) : Json();
}

Json verdict_or_null(store::Verdict verdict) {
  return verdict == store::Verdict::none ? Json() : Json(store::name_of(verdict));
}

Json render_step(const store::Attempt& attempt) {
  return {{"name", attempt.key.step},
          {"role", store::name_of(attempt.role)},
          {"attempt", attempt.key.attempt},
          {"state", store::name_of(attempt.state)},
          {"exit_code", attempt.exit_code ? Json(*attempt.exit_code) : Json()},
          {"oom", attempt.oom},
          {"error", attempt.error},
          {"has_log", !attempt.log_name.empty()},
          {"log_bytes", attempt.log.content_bytes},
          {"started_at", time_or_null(attempt.started)},
          {"finished_at", time_or_null(attempt.finished)}};
}

Json render_host(const AppHost& host) {
  Json containers = Json::array();
  for (const AppContainer& each : host.containers) {
    containers.push_back({{"service", each.service},
                          {"name", each.name},
                          {"digest", each.digest},
                          {"wanted", each.wanted},
                          {"state", each.state},
                          {"health", each.health}});
  }
  Json drift = Json::array();
  for (const AppDrift& each : host.drift) {
    drift.push_back(
        {{"kind", each.kind}, {"service", each.service}, {"container", each.container}, {"what", each.what}});
  }
  return {{"host", host.host},
          {"state", host.state},
          {"generation", number_or_null(host.generation)},
          {"reason", host.reason},
          {"containers", std::move(containers)},
          {"drift", std::move(drift)},
          {"drifted_since", time_or_null(host.drifted_since)}};
}

Json render_waiting(const AppWaiting& waiting) {
  Json approvals = Json::array();
  for (const AppApproval& one : waiting.approvals) {
    approvals.push_back({{"by", one.by}, {"role", one.role}, {"at", format_time(one.at)}, {"reason", one.reason}});
  }
  return {{"rollout", waiting.rollout.value}, {"generation", waiting.generation},  {"kind", waiting.kind},
          {"state", waiting.state},           {"reason", waiting.reason},          {"asked_by", waiting.asked_by},
          {"roles", waiting.roles},           {"approvals", std::move(approvals)}, {"images", waiting.images}};
}

}  // namespace

Json number_or_null(std::int64_t number) {
  return number == 0 ? Json() : Json(number);
}

std::string hook_url(const std::string& public_url, const std::string& project) {
  return public_url + "/hooks/" + percent_encode(project);
}

Json object_of(const std::string& text) {
  Result<Json> value = parse_json(text);
  return value && value->is_object() ? std::move(*value) : Json::object();
}

namespace {

/// The token that asked for the run again or by hand; empty: a webhook did. The trigger knows nobody of these names.
std::string token_that_asked(const store::Run& run) {
  const Json context = object_of(run.context);
  return text_at(context, "rerun_by", text_at(context, "asked_by"));
}

}  // namespace

Json render(const store::Run& run, const std::string& project) {
  return {{"id", run.id.value},
          {"number", run.number},
          {"project", project},
          {"event", store::name_of(run.event)},
          {"ref", run.ref},
          {"branch", run.branch},
          {"tag", run.tag},
          {"commit", run.commit},
          {"base_commit", run.base_commit},
          {"title", run.title},
          {"author", run.author},
          {"asked_by", token_that_asked(run)},
          {"pull_request", number_or_null(run.pull_request)},
          {"trusted", run.trusted},
          {"state", store::name_of(run.state)},
          {"verdict", verdict_or_null(run.verdict)},
          {"reason", run.reason},
          {"attempt", run.attempt},
          {"rerun_of", number_or_null(run.rerun_of.value)},
          {"created_at", format_time(run.created)},
          {"started_at", time_or_null(run.started)},
          {"finished_at", time_or_null(run.finished)}};
}

Json render(const store::Job& job, const std::vector<store::Attempt>& attempts) {
  Json steps = Json::array();
  for (const store::Attempt& attempt : attempts) {
    const bool shown = attempt.role == store::ContainerRole::step || attempt.role == store::ContainerRole::service;
    const bool ours = job.kind != store::JobKind::build && attempt.key.job == job.name;
    if (shown && ours) steps.push_back(render_step(attempt));
  }
  return {{"name", job.name},
          {"kind", store::name_of(job.kind)},
          {"state", store::name_of(job.state)},
          {"verdict", verdict_or_null(job.verdict)},
          {"reason", job.reason},
          {"attempt", job.attempt},
          {"started_at", time_or_null(job.started)},
          {"finished_at", time_or_null(job.finished)},
          {"steps", std::move(steps)}};
}

Json render(const store::BuiltImage& image) {
  return {{"image", image.name},
          {"config_id", image.config_id},
          {"size", image.size},
          {"cached", image.cached},
          {"built_at", format_time(image.built)}};
}

Json render(const store::PushedImage& push) {
  return {{"image", push.image},         {"repository", push.repository}, {"tag", push.tag},
          {"config_id", push.config_id}, {"digest", push.digest},         {"state", store::name_of(push.state)},
          {"reason", push.reason}};
}

Json render(const store::Event& event, const std::string& project) {
  return {{"id", event.seq},
          {"time", format_time(event.at)},
          {"kind", event.kind},
          {"project", project.empty() ? Json() : Json(project)},
          {"run", number_or_null(event.run.value)},
          {"rollout", number_or_null(event.rollout.value)},
          {"application", event.application},
          {"data", object_of(event.data)}};
}

Json render(const store::Project& project, const std::string& public_url) {
  return {{"name", project.name},
          {"clone_url", project.clone_url},
          {"default_branch", project.default_branch},
          {"pipeline_file", project.settings.pipeline_file},
          {"forge", store::name_of(project.forge)},
          {"forge_url", project.settings.forge_url},
          {"fork_policy", store::name_of(project.settings.forks)},
          {"supersede", project.settings.supersede},
          {"allow_unsigned", project.settings.allow_unsigned},
          {"max_runs", project.settings.max_runs},
          {"has_forge_token", !project.sealed_forge_token.empty()},
          {"hook_url", hook_url(public_url, project.name)},
          {"created_at", format_time(project.created)}};
}

Json render(const store::Delivery& delivery, const std::string& project) {
  return {{"id", delivery.id.value},
          {"project", project},
          {"source", delivery.source},
          {"event", delivery.event},
          {"decision", store::name_of(delivery.decision)},
          {"reason", delivery.reason},
          {"run", number_or_null(delivery.run.value)},
          {"received_at", format_time(delivery.received)}};
}

Json render(const store::Token& token) {
  return {{"id", token.id.value},
          {"name", token.name},
          {"role", store::name_of(token.role)},
          {"roles", token.roles},
          {"created_at", format_time(token.created)},
          {"expires_at", time_or_null(token.expires)},
          {"last_used_at", time_or_null(token.last_used)},
          {"revoked_at", time_or_null(token.revoked)}};
}

Json render(const store::AuditEntry& entry) {
  return {{"id", entry.id},     {"at", format_time(entry.at)},   {"who", entry.who},
          {"what", entry.what}, {"data", object_of(entry.data)}, {"rollout", number_or_null(entry.rollout.value)}};
}

Json render(const AppSummary& app) {
  return {{"name", app.name},
          {"project", app.project},
          {"generation", number_or_null(app.generation)},
          {"rollout_state", app.rollout_state},
          {"promoted_at", time_or_null(app.promoted_at)}};
}

Json render(const AppStatus& app) {
  Json status = render(app.summary);
  status["images"] = app.images;
  status["waiting"] = Json::array();
  for (const AppWaiting& waiting : app.waiting) status["waiting"].push_back(render_waiting(waiting));
  status["hosts"] = Json::array();
  for (const AppHost& host : app.hosts) status["hosts"].push_back(render_host(host));
  return status;
}

namespace {

/// Null where nothing was probed: that proves nothing.
Json render_probes(const std::vector<ProbeStage>& stages) {
  if (stages.empty()) return {};
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  Json rows = Json::array();
  for (const ProbeStage& one : stages) {
    requests += one.requests;
    failures += one.failures;
    rows.push_back({{"stage", one.stage},
                    {"requests", one.requests},
                    {"failures", one.failures},
                    {"unreachable", one.unreachable},
                    {"unanswered", one.unanswered},
                    {"p50_ms", one.p50_ms},
                    {"p90_ms", one.p90_ms},
                    {"p99_ms", one.p99_ms},
                    {"max_ms", one.max_ms}});
  }
  return {{"requests", requests}, {"failures", failures}, {"stages", rows}};
}

}  // namespace

Json render(const RolloutSummary& rollout) {
  return {{"id", rollout.id.value},
          {"app", rollout.app},
          {"generation", rollout.generation},
          {"kind", rollout.kind},
          {"state", rollout.state},
          {"reason", rollout.reason},
          {"actor", rollout.actor},
          {"run", number_or_null(rollout.run.value)},
          {"started_at", format_time(rollout.started_at)},
          {"ended_at", time_or_null(rollout.ended_at)},
          {"images", rollout.images},
          {"probes", render_probes(rollout.probes)}};
}

Json render(const RolloutAudit& audit) {
  Json entries = Json::array();
  for (const RolloutEntry& one : audit.entries) {
    entries.push_back({{"at", format_time(one.at)},
                       {"fence", number_or_null(one.fence)},
                       {"host", one.host},
                       {"who", one.who},
                       {"what", one.what},
                       {"detail", one.detail}});
  }
  Json evidence = object_of(audit.evidence);
  return {{"rollout", render(audit.rollout)},
          {"fence", number_or_null(audit.fence)},
          {"evidence", evidence.empty() ? Json() : std::move(evidence)},
          {"entries", std::move(entries)}};
}

Json render(const AppLogLine& line) {
  return {{"host", line.host},     {"service", line.service}, {"container", line.container},
          {"stream", line.stream}, {"time", line.time},       {"text", line.text}};
}

Json render(const HostStatus& host) {
  return {{"name", host.name},
          {"endpoint", host.endpoint},
          {"groups", host.groups},
          {"state", host.state},
          {"engine_version", host.engine_version},
          {"reason", host.reason}};
}

}  // namespace slipway::http
