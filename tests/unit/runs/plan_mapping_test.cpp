#include "orchestrator/runs/plan_mapping.hpp"

#include <catch2/catch.hpp>

namespace slipway::runs {

TEST_CASE("a push or a deployment follows success alone, whatever a plan that was kept says") {
  using Kind = pipelines::PlannedJob::Kind;
  pipelines::Plan plan;
  const std::vector<std::pair<std::string, Kind>> jobs = {
      {"tidy", Kind::run}, {"publish", Kind::push}, {"production", Kind::deploy}};
  for (const auto& [id, kind] : jobs) {
    pipelines::PlannedJob job;
    job.id = id;
    job.kind = kind;
    job.condition.after_failure = job.condition.after_skip = true;
    plan.jobs.push_back(std::move(job));
  }
  const Graph graph = graph_of(plan);
  CHECK(graph.jobs[0].condition.after_failure);
  CHECK(graph.jobs[0].condition.after_skip);
  for (const std::size_t out : {1U, 2U}) {
    CHECK(graph.jobs[out].condition.after_success);
    CHECK_FALSE(graph.jobs[out].condition.after_failure);
    CHECK_FALSE(graph.jobs[out].condition.after_skip);
  }
}

}  // namespace slipway::runs
