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

void add_steps(std::vector<WantedLog>& logs, const Json& run, const Json& job, const LogChoice& choice, bool services) {
  const std::string name = text_at(job, "name");
  for (const Json& step : value_at(job, "steps")) {
    if ((text_at(step, "role") == "service") != services) continue;
    const std::string step_name = text_at(step, "name");
    if (!choice.step.empty() && choice.step != step_name) continue;
    const std::string path = path_in(run, "jobs/" + segment(name) + "/steps/" + segment(step_name));
    add(logs, {fmt::format("{} / {}", name, step_name), path, number_at(step, "attempt")}, choice);
  }
}

void add_work(std::vector<WantedLog>& logs, const Json& run, const Json& job, const LogChoice& choice) {
  if (!choice.step.empty() || number_at(job, "attempt") == 0) return;
  const std::string name = text_at(job, "name");
  const bool build = text_at(job, "kind") == "build";
  const std::string path = path_in(run, (build ? "builds/" : "jobs/") + segment(name));
  add(logs, {build ? "build " + name : name, path, number_at(job, "attempt")}, choice);
}

}  // namespace

std::vector<WantedLog> wanted_logs(const Json& run, const LogChoice& choice) {
  std::vector<WantedLog> logs;
  for (const Json& job : value_at(run, "jobs")) {
    if (!is_asked_for(job, choice)) continue;
    if (text_at(job, "kind", "run") == "run") {
      add_steps(logs, run, job, choice, false);
      add_steps(logs, run, job, choice, true);
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
  for (const Json& job : value_at(run, "jobs")) {
    if (choice.job.empty() || !is_asked_for(job, choice)) continue;
    LogChoice whole;
    whole.job = choice.job;
    if (!wanted_logs(run, whole).empty()) continue;
    const std::string reason = text_at(job, "reason");
    return {Error::Kind::not_found,
            fmt::format("'{}' has no log in this run: {}", choice.job, reason.empty() ? text_at(job, "state") : reason),
            hint};
  }
  return {Error::Kind::not_found, "the run has no such job or step", hint};
}

}  // namespace slipway::cli
