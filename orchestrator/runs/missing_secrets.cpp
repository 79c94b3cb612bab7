#include "orchestrator/runs/missing_secrets.hpp"

#include <algorithm>

#include "orchestrator/runs/plan_mapping.hpp"

namespace slipway::runs {
namespace {

struct MissingSecret {
  std::string name;
  std::string whose;  // "step 'run'"
};

void add_missing(std::vector<MissingSecret>& missing, const ProjectAccess& access,
                 const std::vector<pipelines::SecretUse>& uses, const std::string& whose) {
  for (const pipelines::SecretUse& use : uses) {
    const auto told = [&](const MissingSecret& other) { return other.name == use.secret; };
    if (access.secrets.contains(use.secret) || std::any_of(missing.begin(), missing.end(), told)) continue;
    missing.push_back({use.secret, whose});
  }
}

void add_missing(std::vector<MissingSecret>& missing, const ProjectAccess& access, const pipelines::PlannedJob& job,
                 const std::string& where) {
  for (const pipelines::PlannedStep& step : job.steps)
    add_missing(missing, access, step.secrets, where + "step '" + step.name + "'");
  for (const pipelines::PlannedService& service : job.services)
    add_missing(missing, access, service.secrets, where + "service '" + service.name + "'");
}

std::string text_of(const std::vector<MissingSecret>& missing, const std::string& project) {
  if (missing.empty()) return {};
  std::string text;
  for (const MissingSecret& secret : missing) {
    if (!text.empty()) text += "; ";
    text += secret.whose + ": the project has no secret '" + secret.name + "'";
  }
  return text + " (slipway secret set " + (missing.size() == 1 ? missing[0].name : "NAME") + " -p " + project + ")";
}

/// Which jobs begin if none fails.
std::vector<bool> begin_without_failure(const Graph& graph) {
  std::vector<bool> begin;
  begin.reserve(graph.jobs.size());
  for (const JobNode& job : graph.jobs) {
    const bool all = std::all_of(job.needs.begin(), job.needs.end(), [&](std::size_t need) { return begin[need]; });
    begin.push_back(all ? job.condition.after_success : job.condition.after_skip);
  }
  return begin;
}

}  // namespace

std::string missing_secrets(const RunContext& context, const pipelines::PlannedJob& job) {
  std::vector<MissingSecret> missing;
  add_missing(missing, context.access, job, "");
  return text_of(missing, context.project.name);
}

std::string missing_secrets(const RunContext& context, const std::vector<store::Job>& rows) {
  const std::vector<bool> begin = begin_without_failure(graph_of(context.plan));
  std::vector<MissingSecret> missing;
  for (std::size_t i = 0; i < context.plan.jobs.size(); ++i) {
    const pipelines::PlannedJob& job = context.plan.jobs[i];
    const auto kept = [&](const store::Job& row) {
      return row.kind != store::JobKind::build && row.name == job.id && row.state == store::JobState::finished;
    };
    if (!begin[i] || std::any_of(rows.begin(), rows.end(), kept)) continue;
    add_missing(missing, context.access, job, "job '" + job.id + "': ");
  }
  return text_of(missing, context.project.name);
}

}  // namespace slipway::runs
