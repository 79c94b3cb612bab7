#include "orchestrator/runs/missing_secrets.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/runs/plan_mapping.hpp"

namespace slipway::runs {
namespace {

/// A run of this file by a push to main, in a project that has the secret PRESENT.
RunContext context_of(const std::string& file) {
  store::Run run;
  run.branch = "main";
  run.commit = std::string(40, 'a');
  store::Project project;
  project.name = "shop";
  const auto parsed = pipelines::parse_pipeline("on: push\n" + file);
  REQUIRE(parsed.pipeline);
  const auto plan = pipelines::make_plan(*parsed.pipeline, plan_context(run, project, {}));
  INFO((plan ? "" : plan.error().message));
  REQUIRE(plan);
  RunContext context(run, project, *plan);
  context.access.secrets["PRESENT"] = Secret("correct-horse");
  return context;
}

std::string missing_in(const RunContext& context) {
  return missing_secrets(context, job_rows(context.run.id, context.plan));
}

}  // namespace

TEST_CASE("a job is told all secrets that the project lacks, each once, and how to set them") {
  const RunContext context = context_of(
      "services: {db: {image: postgres, secrets: [DB_PASSWORD, API_KEY]}}\n"
      "jobs:\n  unit:\n    image: busybox\n    services: [db]\n    steps:\n"
      "      - {name: build, run: [make], secrets: [PRESENT, API_KEY]}\n"
      "      - {name: test, run: [make], secrets: {KEY: API_KEY}}\n");
  const Result<JobOrder> order = job_order(context, context.plan.jobs[0], 1, Time{}, Settings());
  REQUIRE(order);
  CHECK(order->unmet ==
        "step 'build': the project has no secret 'API_KEY'; service 'db': the project has no secret 'DB_PASSWORD' "
        "(slipway secret set NAME -p shop)");
}

TEST_CASE("one secret that is missing is named in the command that sets it") {
  const RunContext context = context_of("jobs: {unit: {image: busybox, run: [make], secrets: [API_KEY, PRESENT]}}\n");
  CHECK(missing_secrets(context, context.plan.jobs[0]) ==
        "step 'run': the project has no secret 'API_KEY' (slipway secret set API_KEY -p shop)");
  CHECK(missing_in(context) ==
        "job 'unit': step 'run': the project has no secret 'API_KEY' (slipway secret set API_KEY -p shop)");
  CHECK(missing_in(context_of("jobs: {unit: {image: busybox, run: [make], secrets: [PRESENT]}}\n")).empty());
}

TEST_CASE("secrets are asked for ahead by the jobs that begin where nothing fails, and by no others") {
  const auto [rest, asked] = GENERATE(table<std::string, bool>({
      {"", true},
      {"if: \"branch == 'main'\", ", true},
      {"if: \"branch == 'other'\", ", false},
      {"needs: [never], ", false},
      {"needs: [never], if: always(), ", true},
      {"needs: [first], ", true},
      {"needs: [first], if: always(), ", true},
      {"needs: [first], if: failure(), ", false},
  }));
  CAPTURE(rest);
  const RunContext context = context_of(
      "jobs:\n"
      "  first: {image: busybox, run: [make]}\n"
      "  never: {if: \"branch == 'other'\", image: busybox, run: [make]}\n"
      "  unit: {" +
      rest + "image: busybox, run: [make], secrets: [API_KEY]}\n");
  CHECK(missing_in(context).empty() != asked);
}

TEST_CASE("a job that is kept from an earlier run needs its secrets no more") {
  const RunContext context = context_of("jobs: {unit: {image: busybox, run: [make], secrets: [API_KEY]}}\n");
  std::vector<store::Job> rows = job_rows(context.run.id, context.plan);
  CHECK_FALSE(missing_secrets(context, rows).empty());
  rows.at(0).state = store::JobState::finished;
  CHECK(missing_secrets(context, rows).empty());
}

}  // namespace slipway::runs
