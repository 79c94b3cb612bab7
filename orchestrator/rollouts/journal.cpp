#include "orchestrator/rollouts/journal.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::rollouts {
namespace {

Json time_json(const std::optional<Time>& time) {
  return time ? Json(time->time_since_epoch().count()) : Json();
}

std::optional<Time> time_from(const Json& value) {
  if (!value.is_number_integer()) return std::nullopt;
  return Time(Milliseconds(value.get<std::int64_t>()));
}

std::size_t size_at(const Json& object, std::string_view key, std::size_t otherwise = 0) {
  return static_cast<std::size_t>(number_at(object, key, static_cast<std::int64_t>(otherwise)));
}

FailureAction failure_action_of(std::string_view name) {
  if (name == name_of(FailureAction::pause)) return FailureAction::pause;
  return name == name_of(FailureAction::go_on) ? FailureAction::go_on : FailureAction::roll_back;
}

Json steps_json(const std::vector<Step>& steps) {
  Json rows = Json::array();
  for (const Step& step : steps) {
    rows.push_back(
        {{"hosts", step.hosts}, {"weight", step.weight}, {"bake_ms", step.bake.count()}, {"wait", step.wait}});
  }
  return rows;
}

std::vector<Step> steps_from(const Json& rows) {
  std::vector<Step> steps;
  if (!rows.is_array()) return steps;
  for (const Json& row : rows) {
    Step step;
    step.hosts = size_at(row, "hosts");
    step.weight = static_cast<unsigned>(number_at(row, "weight"));
    step.bake = Milliseconds(number_at(row, "bake_ms"));
    step.wait = flag_at(row, "wait");
    steps.push_back(step);
  }
  return steps;
}

Json pace_json(const Pace& pace) {
  Json hook_times = Json::object();
  for (const auto& [stage, time] : pace.hook_times) hook_times[std::string(name_of(stage))] = time.count();
  return {{"order", name_of(pace.order)},
          {"batch_size", pace.batch_size},
          {"steps", steps_json(pace.steps)},
          {"together", pace.together},
          {"ask_to_switch", pace.ask_to_switch},
          {"bake_ms", pace.bake.count()},
          {"min_healthy", pace.min_healthy},
          {"max_failure_ratio", pace.max_failure_ratio},
          {"on_failure", name_of(pace.on_failure)},
          {"on_alarm", name_of(pace.on_alarm)},
          {"scope", name_of(pace.scope)},
          {"deadline_ms", pace.deadline.count()},
          {"hook_times_ms", hook_times},
          {"migrates", pace.migrates},
          {"contract", pace.contract},
          {"migrate_deadline_ms", pace.migrate_deadline.count()},
          {"may_roll_back", pace.may_roll_back},
          {"has_previous", pace.has_previous},
          {"delay_ms", pace.delay.count()},
          {"monitor_ms", pace.monitor.count()},
          {"step_deadline_ms", pace.step_deadline.count()},
          {"pull_deadline_ms", pace.pull_deadline.count()},
          {"health_deadline_ms", pace.health_deadline.count()},
          {"stop_deadline_ms", pace.stop_deadline.count()},
          {"wait_deadline_ms", pace.wait_deadline.count()}};
}

Pace pace_from(const Json& json) {
  Pace pace;
  const auto milliseconds = [&](std::string_view key, Milliseconds& field) {
    field = Milliseconds(number_at(json, key, field.count()));
  };
  if (text_at(json, "order") == name_of(Order::stop_first)) pace.order = Order::stop_first;
  pace.batch_size = size_at(json, "batch_size", 1);
  pace.steps = steps_from(value_at(json, "steps"));
  pace.together = flag_at(json, "together");
  pace.ask_to_switch = flag_at(json, "ask_to_switch");
  milliseconds("bake_ms", pace.bake);
  pace.min_healthy = size_at(json, "min_healthy");
  const Json& ratio = value_at(json, "max_failure_ratio");
  if (ratio.is_number()) pace.max_failure_ratio = ratio.get<double>();
  pace.on_failure = failure_action_of(text_at(json, "on_failure"));
  pace.on_alarm = failure_action_of(text_at(json, "on_alarm"));
  pace.scope = back_scope_of(text_at(json, "scope"));
  milliseconds("deadline_ms", pace.deadline);
  for (const auto& [name, time] : value_at(json, "hook_times_ms").items()) {
    const auto stage = host_stage_of(name);
    if (stage && time.is_number_integer()) pace.hook_times[*stage] = Milliseconds(time.get<std::int64_t>());
  }
  pace.migrates = flag_at(json, "migrates");
  pace.contract = flag_at(json, "contract");
  milliseconds("migrate_deadline_ms", pace.migrate_deadline);
  pace.may_roll_back = flag_at(json, "may_roll_back", true);
  pace.has_previous = flag_at(json, "has_previous", true);
  milliseconds("delay_ms", pace.delay);
  milliseconds("monitor_ms", pace.monitor);
  milliseconds("step_deadline_ms", pace.step_deadline);
  milliseconds("pull_deadline_ms", pace.pull_deadline);
  milliseconds("health_deadline_ms", pace.health_deadline);
  milliseconds("stop_deadline_ms", pace.stop_deadline);
  milliseconds("wait_deadline_ms", pace.wait_deadline);
  return pace;
}

Json host_json(const HostProgress& host) {
  return {{"host", host.host},
          {"stage", name_of(host.stage)},
          {"heading", name_of(host.heading)},
          {"reaching", host.reaching ? Json(name_of(*host.reaching)) : Json()},
          {"deadline", time_json(host.deadline)},
          {"health", name_of(host.health)},
          {"batch", host.batch},
          {"leaves", host.leaves},
          {"failed", host.failed},
          {"lost", host.lost},
          {"restore_failed", host.restore_failed},
          {"reason", host.reason}};
}

HostProgress host_from(const Json& json) {
  HostProgress host;
  host.host = text_at(json, "host");
  host.stage = host_stage_of(text_at(json, "stage")).value_or(HostStage::pending);
  if (text_at(json, "heading") == name_of(Heading::back)) host.heading = Heading::back;
  host.reaching = host_stage_of(text_at(json, "reaching"));
  host.deadline = time_from(value_at(json, "deadline"));
  host.health = health_of(text_at(json, "health")).value_or(Health::unknown);
  host.batch = size_at(json, "batch");
  host.leaves = flag_at(json, "leaves");
  host.failed = flag_at(json, "failed");
  host.lost = flag_at(json, "lost");
  host.restore_failed = flag_at(json, "restore_failed");
  host.reason = text_at(json, "reason");
  return host;
}

}  // namespace

std::string dump_plan(const Plan& plan) {
  Json hosts = Json::array();
  for (const PlannedHost& host : plan.hosts) {
    hosts.push_back({{"host", host.host},
                     {"reachable", host.reachable},
                     {"health", name_of(host.health)},
                     {"create", host.create},
                     {"start", host.start},
                     {"keep", host.keep},
                     {"stop", host.stop},
                     {"leaves", host.leaves},
                     {"gone", host.gone}});
  }
  return dump_json(
      {{"pace", pace_json(plan.pace)}, {"hosts", hosts}, {"batches", plan.batches}, {"notes", plan.notes}});
}

Result<Plan> parse_plan(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return fail(json.error().in("read a stored plan"));
  Plan plan;
  plan.pace = pace_from(value_at(*json, "pace"));
  for (const Json& row : value_at(*json, "hosts")) {
    PlannedHost host;
    host.host = text_at(row, "host");
    host.reachable = flag_at(row, "reachable", true);
    host.health = health_of(text_at(row, "health")).value_or(Health::unknown);
    host.create = texts_in(value_at(row, "create"));
    host.start = texts_in(value_at(row, "start"));
    host.keep = texts_in(value_at(row, "keep"));
    host.stop = texts_in(value_at(row, "stop"));
    host.leaves = flag_at(row, "leaves");
    host.gone = text_at(row, "gone");
    plan.hosts.push_back(std::move(host));
  }
  for (const Json& batch : value_at(*json, "batches")) plan.batches.push_back(texts_in(batch));
  plan.notes = texts_in(value_at(*json, "notes"));
  return plan;
}

std::string dump_progress(const Progress& progress) {
  Json hosts = Json::array();
  for (const HostProgress& host : progress.hosts) hosts.push_back(host_json(host));
  return dump_json({{"stage", name_of(progress.stage)},
                    {"batch", progress.batch},
                    {"phase", name_of(progress.phase)},
                    {"step", progress.step},
                    {"waits", progress.waits},
                    {"floor", progress.floor},
                    {"pause_asked", progress.pause_asked},
                    {"stop_asked", progress.stop_asked},
                    {"hurry", progress.hurry},
                    {"migrator", progress.migrator},
                    {"scope", name_of(progress.scope)},
                    {"turn_round", progress.turn_round},
                    {"deadline", time_json(progress.deadline)},
                    {"until", time_json(progress.until)},
                    {"reason", progress.reason},
                    {"hosts", hosts}});
}

Result<Progress> parse_progress(std::string_view text) {
  auto json = parse_json(text);
  if (!json) return fail(json.error().in("read a stored rollout"));
  const auto stage = stage_of(text_at(*json, "stage"));
  if (!stage) return fail(Error::Kind::internal, "a stored rollout has no stage that is known");
  Progress progress;
  progress.stage = *stage;
  progress.batch = size_at(*json, "batch");
  progress.phase = phase_of(text_at(*json, "phase")).value_or(Phase::whole);
  progress.step = size_at(*json, "step");
  progress.waits = flag_at(*json, "waits");
  progress.floor = size_at(*json, "floor");
  progress.pause_asked = flag_at(*json, "pause_asked");
  progress.stop_asked = flag_at(*json, "stop_asked");
  progress.hurry = flag_at(*json, "hurry");
  progress.migrator = text_at(*json, "migrator");
  progress.scope = back_scope_of(text_at(*json, "scope"));
  progress.turn_round = flag_at(*json, "turn_round");
  progress.deadline = time_from(value_at(*json, "deadline"));
  progress.until = time_from(value_at(*json, "until"));
  progress.reason = text_at(*json, "reason");
  for (const Json& host : value_at(*json, "hosts")) progress.hosts.push_back(host_from(host));
  return progress;
}

bool has_begun(const store::Rollout& rollout) {
  const auto kept = parse_json(rollout.progress);
  if (!kept || !kept->contains("machine")) return false;
  const auto progress = parse_progress(value_at(*kept, "machine").dump());
  if (!progress || !progress->migrator.empty()) return true;
  return std::any_of(progress->hosts.begin(), progress->hosts.end(),
                     [](const HostProgress& host) { return host.batch != 0; });
}

Stage stage_given_up(const store::Rollout& rollout) {
  const auto kept = parse_json(rollout.progress);
  const std::string stage = kept ? text_at(value_at(*kept, "machine"), "stage") : std::string();
  if (stage == name_of(Stage::finalizing)) return Stage::succeeded;
  return has_begun(rollout) ? Stage::rollback_failed : Stage::rolled_back;
}

Json notes_json(const OnceNotes& notes) {
  Json json = Json::object();
  for (const auto& [key, note] : notes) {
    json[key] = {{"id", note.id}, {"until", time_json(note.until)}, {"ended", note.ended}, {"trouble", note.trouble}};
  }
  return json;
}

OnceNotes notes_from(const Json& json) {
  OnceNotes notes;
  if (!json.is_object()) return notes;
  for (const auto& [key, row] : json.items()) {
    OnceNote note;
    note.id = text_at(row, "id");
    note.until = time_from(value_at(row, "until")).value_or(Time());
    note.ended = flag_at(row, "ended");
    note.trouble = text_at(row, "trouble");
    notes[key] = std::move(note);
  }
  return notes;
}

}  // namespace slipway::rollouts
