#include "cli/run_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/output.hpp"

namespace slipway::cli {
namespace {

std::string took(const Json& item) {
  const std::string time = duration_between(text_at(item, "started_at"), text_at(item, "finished_at"));
  return time.empty() ? "" : " (" + time + ")";
}

bool has_ended(const Json& step) {
  const std::string state = text_at(step, "state");
  return state == "exited" || state == "removed" || state == "quarantined";
}

std::string step_line(const Json& step) {
  const std::int64_t attempt = number_at(step, "attempt");
  return fmt::format("      {}{}{}  {}{}\n", text_at(step, "role") == "service" ? "service " : "",
                     harmless(text_at(step, "name")), attempt > 1 ? fmt::format(" (attempt {})", attempt) : "",
                     styled(style_of(outcome_of_step(step)), describe_step(step)), took(step));
}

std::string job_lines(const Json& job) {
  const std::string kind = text_at(job, "kind");
  std::string out = fmt::format("  {}{}  {}{}\n", kind == "build" ? "build " : "", harmless(text_at(job, "name")),
                                styled(style_of(outcome_of(job)), describe_outcome(job)), took(job));
  for (const Json& step : value_at(job, "steps")) out += step_line(step);
  return out;
}

/// "by Ann <ann@example.org>, asked for by bob, 3m ago"
std::string origin_line(const Json& run) {
  const std::string author = text_at(run, "author");
  const std::string asked_by = text_at(run, "asked_by");
  std::string line = author.empty() ? "" : "by " + harmless(author) + ", ";
  if (!asked_by.empty()) line += "asked for by " + harmless(asked_by) + ", ";
  return "  " + line + time_ago(text_at(run, "created_at")) + "\n";
}

std::string image_lines(const Json& run) {
  std::string out;
  for (const Json& build : value_at(run, "builds")) {
    out +=
        fmt::format("  image {}  {}\n", harmless(text_at(build, "image")), text_at(build, "config_id").substr(0, 19));
  }
  for (const Json& push : value_at(run, "pushes")) {
    out += fmt::format("  {}:{}  {}\n", harmless(text_at(push, "repository")), harmless(text_at(push, "tag")),
                       text_at(push, "digest", text_at(push, "state")));
  }
  return out;
}

std::string describe_incident(const Json& event) {
  const std::string kind = text_at(event, "kind");
  const Json& data = value_at(event, "data");
  const std::string reason = harmless(text_at(data, "reason"));
  if (kind == "engine.lost") return "the engine went away" + (reason.empty() ? "" : ": " + reason);
  if (kind == "engine.back") return "the engine is back";
  if (kind != "step.reattached") return harmless(kind);
  return harmless(text_at(data, "job")) + " / " + harmless(text_at(data, "step")) +
         " reattached after a restart of slipwayd";
}

std::string incident_lines(const Json& run) {
  std::string out;
  for (const Json& event : value_at(run, "incidents")) {
    out += fmt::format("  {}  {}\n", styled(Style::faint, text_at(event, "time")), describe_incident(event));
  }
  return out;
}

}  // namespace

std::string outcome_of(const Json& item) {
  const std::string verdict = text_at(item, "verdict");
  return verdict.empty() ? text_at(item, "state") : verdict;
}

std::string outcome_of_step(const Json& step) {
  if (!has_ended(step)) return text_at(step, "state");
  const std::string error = text_at(step, "error");
  for (const char* verdict : {"interrupted", "cancelled", "error"}) {
    if (error.starts_with(std::string(verdict) + ": ")) return verdict;
  }
  const std::int64_t code = number_at(step, "exit_code", -1);
  // A service is stopped with its job, which is what its exit code tells of.
  const bool served = text_at(step, "role") == "service" && code >= 0;
  return error.empty() && (code == 0 || served) ? "passed" : "failed";
}

std::string describe_outcome(const Json& item) {
  const std::string reason = text_at(item, "reason");
  return outcome_of(item) + (reason.empty() ? "" : ": " + harmless(reason));
}

std::string describe_step(const Json& step) {
  std::string outcome = outcome_of_step(step);
  if (outcome == "passed" || !has_ended(step)) return outcome;
  std::string error = text_at(step, "error");
  if (error.starts_with(outcome + ": ")) error.erase(0, outcome.size() + 2);
  std::string why = error.empty() ? fmt::format("exit code {}", number_at(step, "exit_code")) : harmless(error);
  const bool is_told = why.find("out of memory") != std::string::npos;
  if (flag_at(step, "oom") && !is_told) why += ", out of memory";
  return outcome + ": " + why;
}

std::string describe_run(const Json& run) {
  const std::string heading = fmt::format("run {}", number_at(run, "id"));
  std::string out = fmt::format("{} of {}  {}{}\n", styled(Style::strong, heading), harmless(text_at(run, "project")),
                                styled(style_of(outcome_of(run)), describe_outcome(run)), took(run));
  out += fmt::format("  {} {} {}  {}\n", harmless(text_at(run, "event")), harmless(text_at(run, "ref")),
                     text_at(run, "commit").substr(0, 12), harmless(text_at(run, "title")));
  out += origin_line(run);
  for (const Json& job : value_at(run, "jobs")) out += job_lines(job);
  return out + image_lines(run) + incident_lines(run);
}

}  // namespace slipway::cli
