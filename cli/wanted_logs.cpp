#include "cli/wanted_logs.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/api.hpp"

namespace slipway::cli {
namespace {

bool is_asked_for(const Json& job, const LogChoice& choice) {
  return choice.job.empty() || choice.job == text_at(job, "name");
}

std::string path_in(const Json& run, const std::string& rest) {
  return fmt::format("/api/v1/runs/{}/{}/logs", number_at(run, "id"), rest);
}

void add(std::vector<WantedLog>& logs, WantedLog log, const LogChoice& choice) {
  if (choice.attempt > log.attempt) return;
  const auto same = std::find_if(logs.begin(), logs.end(), [&](const WantedLog& one) { return one.path == log.path; });
  const std::int64_t attempt = choice.attempt > 0 ? choice.attempt : log.attempt;
  if (same != logs.end()) {
    same->attempt = std::max(same->attempt, attempt);
    return;
  }
  log.attempt = attempt;
  logs.push_back(std::move(log));
}

void add_steps(std::vector<WantedLog>& logs, const Json& run, const Json& job, const LogChoice& choice) {
  const std::string name = text_at(job, "name");
  std::vector<WantedLog> services;
  for (const Json& step : value_at(job, "steps")) {
    const std::string step_name = text_at(step, "name");
    if (!choice.step.empty() && choice.step != step_name) continue;
    const std::string path = path_in(run, "jobs/" + segment(name) + "/steps/" + segment(step_name));
    std::vector<WantedLog>& which = text_at(step, "role") == "service" ? services : logs;
    add(which, {fmt::format("{} / {}", name, step_name), path, number_at(step, "attempt")}, choice);
  }
  logs.insert(logs.end(), services.begin(), services.end());
}

void add_work(std::vector<WantedLog>& logs, const Json& run, const Json& job, const LogChoice& choice) {
  if (!choice.step.empty() || number_at(job, "attempt") == 0) return;
  const std::string name = text_at(job, "name");
  const bool build = text_at(job, "kind") == "build";
  const std::string path = path_in(run, (build ? "builds/" : "jobs/") + segment(name));
  add(logs, {build ? "build " + name : name, path, number_at(job, "attempt")}, choice);
}

std::string reason_or_state(const Json& item) {
  const std::string reason = text_at(item, "reason");
  return reason.empty() ? text_at(item, "state") : reason;
}

std::string what_it_has(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 20;
  std::string list;
  for (std::size_t i = 0; i < names.size() && i < shown; ++i) list += (i == 0 ? "it has " : ", ") + names[i];
  return list + (names.size() > shown ? ", …" : "");
}

/// Of the jobs that are asked for: their steps and services, begun or not. Nothing where not all are known.
std::vector<std::string> names_of_steps(const Json& run, const LogChoice& choice) {
  std::vector<std::string> names;
  for (const Json& job : value_at(run, "jobs")) {
    if (!is_asked_for(job, choice)) continue;
    if (!job.contains("planned_steps")) return {};  // an older slipwayd
    for (const std::string& name : texts_in(job.at("planned_steps"))) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

}  // namespace

std::optional<WantedLog> report_of(const Json& run) {
  const bool unplanned = value_at(run, "jobs").empty() && text_at(run, "verdict") == "failed";
  if (!unplanned) return std::nullopt;
  return WantedLog{"errors of the file", path_in(run, "plan"), 0};
}

std::optional<Error> unknown_name(const Json& run, const LogChoice& choice) {
  std::vector<std::string> jobs;
  bool known = choice.job.empty();
  for (const Json& job : value_at(run, "jobs")) {
    jobs.push_back(text_at(job, "name"));
    known = known || is_asked_for(job, choice);
  }
  if (jobs.empty()) return std::nullopt;
  const std::string of_run = fmt::format("run {}", number_at(run, "id"));
  if (!known)
    return Error(Error::Kind::not_found, of_run + " has no job or image '" + choice.job + "'", what_it_has(jobs));
  const std::vector<std::string> steps = names_of_steps(run, choice);
  const bool none = !steps.empty() && std::find(steps.begin(), steps.end(), choice.step) == steps.end();
  if (choice.step.empty() || !none) return std::nullopt;
  const std::string where = choice.job.empty() ? of_run : "'" + choice.job + "'";
  return Error(Error::Kind::not_found, where + " has no step or service '" + choice.step + "'", what_it_has(steps));
}

std::vector<WantedLog> wanted_logs(const Json& run, const LogChoice& choice) {
  std::vector<WantedLog> logs;
  for (const Json& job : value_at(run, "jobs")) {
    if (!is_asked_for(job, choice)) continue;
    if (text_at(job, "kind", "run") == "run") {
      add_steps(logs, run, job, choice);
    } else {
      add_work(logs, run, job, choice);
    }
  }
  return logs;
}

Error why_no_log(const Json& run, const LogChoice& choice) {
  const std::string hint = fmt::format("'slipway run view {}' shows what it has", number_at(run, "id"));
  LogChoice any_attempt = choice;
  any_attempt.attempt = 0;
  if (choice.attempt > 0 && !wanted_logs(run, any_attempt).empty()) {
    return {Error::Kind::not_found, fmt::format("there is no attempt {} of that", choice.attempt), hint};
  }
  if (value_at(run, "jobs").empty()) {
    const std::string all = fmt::format("'slipway run logs {}' shows all that is wrong", number_at(run, "id"));
    return {Error::Kind::not_found, "the run has no jobs: " + reason_or_state(run), report_of(run) ? all : hint};
  }
  if (std::optional<Error> unknown = unknown_name(run, choice)) return *unknown;
  for (const Json& job : value_at(run, "jobs")) {
    if (choice.job.empty() || !is_asked_for(job, choice)) continue;
    LogChoice whole;
    whole.job = choice.job;
    if (!wanted_logs(run, whole).empty()) continue;
    return {Error::Kind::not_found, fmt::format("'{}' has no log in this run: {}", choice.job, reason_or_state(job)),
            hint};
  }
  return {Error::Kind::not_found, "'" + choice.step + "' has not begun in this run", hint};
}

}  // namespace slipway::cli
