#include "tests/fuzz/pipelines/pipeline_invariants.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "pipelines/lint.hpp"
#include "pipelines/plan.hpp"
#include "pipelines/triggers.hpp"

namespace slipway::pipelines::test {
namespace {

Context context_for(Event event, bool from_fork) {
  Context context;
  context.project = "shop";
  context.event = event;
  context.branch = "feature/x; rm -rf /";
  context.tag = event == Event::tag ? "v1" : "";
  context.commit = {"0123456789abcdef0123456789abcdef01234567", "$(reboot)\n`reboot`", "a\xff"};
  if (event == Event::pull_request) context.pull_request = PullRequest{1, from_fork, "main", "'\"$x"};
  context.changed_paths = {{"src/a.c"}};
  return context;
}

std::string broken_diagnostics(const Diagnostics& said, std::string_view text) {
  const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
  for (const Diagnostic& one : said.sorted()) {
    if (one.line < 1 || one.line > lines || one.column < 1)
      return "a diagnostic is outside of the file: " + one.message;
    if (one.message.empty()) return "a diagnostic has no message";
    const std::string shown = render(one, text);
    const bool clean =
        std::none_of(shown.begin(), shown.end(), [](char c) { return (c >= 0 && c < 0x20 && c != '\n') || c == 0x7f; });
    if (!clean) return "a rendered diagnostic has control characters: " + one.message;
  }
  return {};
}

std::string broken_plan(const Plan& plan, bool from_fork) {
  std::set<std::string> ids;
  for (const PlannedJob& job : plan.jobs) {
    for (const std::string& need : job.needs) {
      if (!ids.contains(need)) return "job " + job.id + " comes before what it needs";
    }
    if (!ids.insert(job.id).second) return "two jobs have the id " + job.id;
    if (job.id.size() > 63) return "an id is too long";
    const bool gets_out = job.push.has_value() || job.deploy.has_value();
    if (from_fork && gets_out) return "a fork gets out";
    for (const PlannedStep& step : job.steps) {
      if (from_fork && !step.secrets.empty()) return "a fork gets a secret";
      for (const std::string& command : step.commands) {
        if (command.find("rm -rf /") != std::string::npos) return "a branch name got into a script";
      }
    }
  }
  const auto back = plan_from_json(to_json(plan));
  return back && *back == plan ? "" : "the plan does not survive JSON";
}

}  // namespace

std::string broken_invariant(std::string_view text) {
  const ParsedPipeline parsed = parse_pipeline(text);
  if (parsed.pipeline.has_value() == parsed.diagnostics.has_errors()) return "neither a pipeline nor an error, or both";
  if (auto broken = broken_diagnostics(parsed.diagnostics, text); !broken.empty()) return broken;
  if (!parsed.pipeline || text.find("rm -rf /") != std::string_view::npos) return {};
  for (const bool from_fork : {false, true}) {
    for (const Event event : {Event::push, Event::tag, Event::pull_request, Event::registry, Event::manual}) {
      const Context context = context_for(event, from_fork);
      if (decide(parsed.pipeline->on, context).reason.empty()) return "a decision has no reason";
      const auto plan = make_plan(*parsed.pipeline, context);
      if (!plan && plan.error().message.empty()) return "an error has no message";
      if (!plan) continue;
      if (auto broken = broken_plan(*plan, from_fork && event == Event::pull_request); !broken.empty()) return broken;
    }
  }
  return {};
}

}  // namespace slipway::pipelines::test
