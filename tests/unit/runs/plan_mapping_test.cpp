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

TEST_CASE("what a secret was before it was replaced is masked like what it is") {
  ProjectAccess access;
  access.secrets["TOKEN"] = Secret("correct-horse");
  access.former_secrets = {Secret("hunter2"), Secret("hunter3")};
  CHECK(logs::masked(*masks_for(access), "correct-horse hunter2 hunter3 hunter4") == "*** *** *** hunter4");
}

TEST_CASE(
    "a step finds ref, branch and tag in its environment, empty where there is none, and the commit by two names") {
  store::Run run;
  run.commit = std::string(40, 'a');
  run.ref = "refs/heads/main";
  run.branch = "main";
  store::Project project;
  project.name = "shop";
  const auto parsed = pipelines::parse_pipeline("on: push\njobs: {unit: {image: busybox, run: [make]}}\n");
  REQUIRE(parsed.pipeline);
  const auto plan = pipelines::make_plan(*parsed.pipeline, plan_context(run, project, {}));
  REQUIRE(plan);
  const RunContext context(run, project, *plan);
  const Result<JobOrder> order = job_order(context, plan->jobs[0], 1, Time{}, Settings());
  REQUIRE(order);
  const std::map<std::string, std::string>& env = order->steps.at(0).env;
  CHECK(env.at("SLIPWAY_REF") == "refs/heads/main");
  CHECK(env.at("SLIPWAY_BRANCH") == "main");
  CHECK(env.at("SLIPWAY_TAG").empty());
  CHECK(env.at("SLIPWAY_COMMIT") == run.commit);
  CHECK(env.at("SLIPWAY_COMMIT_SHA") == run.commit);
  CHECK_FALSE(env.contains("SLIPWAY_PULL_REQUEST_NUMBER"));
  CHECK_FALSE(env.contains("SLIPWAY_COMMIT_MESSAGE"));
}

TEST_CASE("a plan tells the names of each job's steps and services, a text that is none nothing") {
  const auto parsed = pipelines::parse_pipeline(
      "on: push\n"
      "services: {db: {image: busybox, command: [sleep, \"9\"]}}\n"
      "jobs:\n"
      "  unit:\n"
      "    image: busybox\n"
      "    services: [db]\n"
      "    steps: [{name: make, run: [make]}, {name: test, run: [make test]}]\n");
  REQUIRE(parsed.pipeline);
  store::Run run;
  run.commit = std::string(40, 'a');
  run.branch = "main";
  const auto plan = pipelines::make_plan(*parsed.pipeline, plan_context(run, store::Project(), {}));
  INFO((plan ? "" : plan.error().message));
  REQUIRE(plan);
  const auto names = planned_steps(dump_json(pipelines::to_json(*plan)));
  REQUIRE(names.size() == 1);
  CHECK(names.at("unit") == std::vector<std::string>{"make", "test", "db"});
  CHECK(planned_steps("").empty());
  CHECK(planned_steps("{}").empty());
}

}  // namespace slipway::runs
