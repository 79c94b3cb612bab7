#include "pipelines/plan.hpp"

#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "pipelines/lint.hpp"
#include "tests/unit/pipelines/golden.hpp"

using namespace slipway::pipelines;
using namespace slipway::pipelines::test;
using slipway::Error;
using slipway::Json;

namespace {

Context push_to_main() {
  Context context;
  context.project = "shop";
  context.event = Event::push;
  context.ref = "refs/heads/main";
  context.branch = "main";
  context.commit = {"0123456789abcdef0123456789abcdef01234567", "Sell more", "Ann <ann@shop.example>"};
  return context;
}

Context pull_request(bool from_fork) {
  Context context = push_to_main();
  context.event = Event::pull_request;
  context.ref = "refs/pull/7/head";
  context.branch = "topic/x";
  context.pull_request = PullRequest{7, from_fork, "main", "topic/x"};
  return context;
}

Pipeline pipeline(const std::string& text) {
  const ParsedPipeline parsed = parse_pipeline(text);
  CAPTURE(render(parsed.diagnostics, text));
  REQUIRE(parsed.pipeline);
  return *parsed.pipeline;
}

Plan plan(const std::string& text, const Context& context = push_to_main()) {
  auto made = make_plan(pipeline(text), context);
  CAPTURE(made ? "" : made.error().message);
  REQUIRE(made);
  return *made;
}

std::string whole_language() {
  return read_file(testdata / "good/whole_language.yml");
}

const PlannedJob& job(const Plan& plan, const std::string& id) {
  const auto found =
      std::find_if(plan.jobs.begin(), plan.jobs.end(), [&](const PlannedJob& one) { return one.id == id; });
  CAPTURE(id);
  REQUIRE(found != plan.jobs.end());
  return *found;
}

std::string error_of(const std::string& text, const Context& context = push_to_main()) {
  const auto made = make_plan(pipeline(text), context);
  REQUIRE_FALSE(made);
  return made.error().message;
}

}  // namespace

TEST_CASE("good files mean what their golden plans say, and raise no warning") {
  for (const auto& path : files_in(testdata / "good", ".yml")) {
    const std::string text = read_file(path);
    const LintReport report = lint(text, path.filename());
    CAPTURE(path.string(), render(report.diagnostics, text));
    CHECK(report.diagnostics.sorted().empty());
    auto golden = path;
    golden.replace_extension(".plan.json");
    check_golden(golden, to_json(plan(text)).dump(2) + "\n");
  }
}

TEST_CASE("a plan goes through JSON and back unchanged") {
  for (const auto& path : files_in(testdata / "good", ".yml")) {
    for (const Context& context : {push_to_main(), pull_request(true)}) {
      const Plan made = plan(read_file(path), context);
      const auto text = slipway::dump_json(to_json(made));
      const auto json = slipway::parse_json(text);
      REQUIRE(json);
      const auto back = plan_from_json(*json);
      REQUIRE(back);
      CHECK(*back == made);
      CHECK(slipway::dump_json(to_json(*back)) == text);
    }
  }
}

TEST_CASE("a plan with any value of its JSON missing or of another type is refused") {
  Json whole = to_json(plan(whole_language()));
  Json& jobs = whole["jobs"];
  jobs = Json::array({jobs[5], jobs[6], jobs[7]});  // one of each kind
  const Json flat = whole.flatten();
  std::size_t tried = 0;
  for (const auto& [pointer, value] : flat.items()) {
    for (const Json& wrong : {Json(nullptr), Json::object({{"x", 1}})}) {
      Json broken = whole;
      broken[Json::json_pointer(pointer)] = wrong;
      CAPTURE(pointer, wrong.dump());
      const auto read = plan_from_json(broken);
      // An empty map of texts, flattened to null, is what a map without that text is.
      if (read) CHECK((value.is_null() || pointer.find("/env") != std::string::npos));
      if (!read) CHECK(read.error().kind == Error::Kind::protocol);
      ++tried;
    }
  }
  CHECK(tried > 200);
}

TEST_CASE("jobs come after those they need, with images first to be built") {
  const Plan made = plan(whole_language());
  std::vector<std::string> seen;
  for (const PlannedJob& one : made.jobs) {
    CAPTURE(one.id);
    for (const std::string& need : one.needs) CHECK(std::find(seen.begin(), seen.end(), need) != seen.end());
    seen.push_back(one.id);
  }
  CHECK(job(made, "smoke").images == std::vector<std::string>{"app"});
  CHECK(job(made, "publish").needs == std::vector<std::string>{"unit-3.11-slim", "unit-3.12-slim", "unit-3.12-alpine",
                                                               "unit-3.13-slim---allow-warnings", "smoke"});
  CHECK(job(made, "production").deploy->images[1].pushed_by == "publish");
  CHECK(job(made, "production").deploy->application == "shop-" + job(made, "production").deploy->group);
}

TEST_CASE("a step's variables win over the job's, whether values or secrets") {
  const Plan made = plan(whole_language());
  const PlannedStep& probe = job(made, "smoke").steps.at(1);
  CHECK(probe.env.at("LEVEL") == "debug");
  CHECK(probe.env.at("API_TOKEN") == "fixed");
  CHECK_FALSE(probe.env.contains("TOKEN"));
  CHECK(probe.secrets == std::vector<SecretUse>{{"TOKEN", "PROBE_TOKEN"}});
}

TEST_CASE("a pull request from a fork gets no secret, pushes nothing and deploys nothing") {
  const Plan made = plan(whole_language(), pull_request(true));
  for (const PlannedJob& one : made.jobs) {
    CAPTURE(one.id);
    for (const PlannedStep& step : one.steps) CHECK(step.secrets.empty());
    for (const PlannedService& service : one.services) CHECK(service.secrets.empty());
    if (one.kind != PlannedJob::Kind::run) {
      CHECK(one.condition.never());
      CHECK(one.condition.reason.find("fork") != std::string::npos);
      CHECK_FALSE(one.push);
      CHECK_FALSE(one.deploy);
    }
  }
  CHECK(job(made, "unit-3.12-slim").secrets_withheld);
  CHECK_FALSE(job(made, "lint").secrets_withheld);
}

TEST_CASE("a pull request from within gets its secrets") {
  const Plan made = plan(whole_language(), pull_request(false));
  CHECK(job(made, "unit-3.12-slim").steps[0].secrets.size() == 1);
  CHECK(job(made, "publish").condition.reason == "its `if` is false: event != 'pull_request'");
}

TEST_CASE("what is left of a condition is a table over how the jobs before ended") {
  const Plan made = plan(whole_language());
  const auto table = [&](const char* id) {
    const PlannedCondition& condition = job(made, id).condition;
    return std::vector<bool>{condition.after_success, condition.after_failure, condition.after_skip};
  };
  CHECK(table("lint") == std::vector<bool>{true, false, false});
  CHECK(table("production") == std::vector<bool>{true, false, false});
  CHECK(table("report") == std::vector<bool>{true, true, true});
  CHECK(table("alarm") == std::vector<bool>{false, true, false});
}

TEST_CASE("a push and a deployment never follow a failure or a skip, whatever their condition says") {
  Pipeline file = pipeline(whole_language());
  Scope known;
  known.status_functions = true;
  for (const char* source : {"success() || branch == 'main'", "always()", "!success()", "failure()"}) {
    ExpressionError error;
    for (JobRecipe& one : file.jobs) one.condition = parse_expression(source, known, error);
    const auto made = make_plan(file, push_to_main());
    CAPTURE(source);
    REQUIRE(made);
    for (const PlannedJob& one : made->jobs) {
      const bool gets_out = one.kind != PlannedJob::Kind::run;
      CAPTURE(one.id);
      CHECK(one.condition.after_failure == !gets_out);
      CHECK((!gets_out || !one.condition.after_skip));
      if (gets_out) CHECK(one.condition.never() == !one.condition.after_success);
    }
  }
}

TEST_CASE("ids of jobs are unique, short and fit for a container's name") {
  const Plan made = plan(
      "on: push\n"
      "jobs:\n"
      "  unit-a: {image: x, run: [x]}\n"
      "  unit: {image: x, run: [x], matrix: {v: [a, A, 'a b', 'a/b', '" +
      std::string(150, 'x') + "', '" + std::string(151, 'x') + "', 'é']}}\n");
  std::vector<std::string> ids;
  for (const PlannedJob& one : made.jobs) {
    CHECK(one.id.size() <= 63);
    CHECK(one.id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos);
    ids.push_back(one.id);
  }
  CHECK(ids[0] == "unit-a");
  CHECK(ids[1] == "unit-a-2");
  std::sort(ids.begin(), ids.end());
  CHECK(std::adjacent_find(ids.begin(), ids.end()) == ids.end());
}

TEST_CASE("parameters are typed, defaulted and checked") {
  const std::string text =
      "on: {manual: {}}\n"
      "parameters:\n"
      "  env: {type: enum, values: [staging, prod]}\n"
      "  count: {type: int}\n"
      "  quick: {type: bool}\n"
      "  note: {type: string, required: true}\n"
      "jobs: {unit: {image: x, run: [x], env: {A: \"${{ params.env }} ${{ params.count }} ${{ params.quick }} ${{ "
      "params.note }}\"}}}\n";
  Context context = push_to_main();
  context.event = Event::manual;
  CHECK(error_of(text, context) == "the parameter `note` is missing");
  context.parameters["note"] = "hi";
  CHECK(plan(text, context).jobs[0].steps[0].env.at("A") == "staging 0 false hi");
  context.parameters["count"] = "007";
  CHECK(plan(text, context).jobs[0].steps[0].env.at("A") == "staging 7 false hi");
  const std::vector<std::array<std::string, 3>> wrong{
      {"env", "test", "parameter env: `test` is not one of its values"},
      {"count", "many", "parameter count: `many` is not a whole number"},
      {"quick", "yes", "parameter quick: `yes` is neither true nor false"},
      {"other", "x", "the file has no parameter `other`"},
      {"note", std::string(1001, 'x'), "parameter note: is longer than 1000 bytes"}};
  for (const auto& [name, value, message] : wrong) {
    Context given = context;
    given.parameters[name] = value;
    CHECK(error_of(text, given) == message);
  }
}

TEST_CASE("values that only the event makes wrong are errors which say where") {
  const std::string text =
      "on: push\n"
      "images: {app: {}}\n"
      "jobs:\n"
      "  unit: {image: \"${{ images.app }}\", run: [x]}\n"
      "  publish: {needs: [unit], push: {image: app, to: shop/app, tags: [\"${{ branch }}\"]}}\n";
  CHECK(plan(text).jobs[1].push->tags == std::vector<std::string>{"main"});
  Context context = push_to_main();
  context.branch = "feature/x";
  CHECK(error_of(text, context) ==
        "job publish: line 5: the tag `feature/x`, made of `${{ branch }}`, is not a tag: only letters, digits, `_`, "
        "`.` and `-`");
  context.branch = "";
  CHECK(error_of(text, context) == "job publish: line 5: the tag ``, made of `${{ branch }}`, is empty");
}

TEST_CASE("what a skipped job would have been given does not have to make sense") {
  const Plan made = plan(
      "on: [push, tag]\n"
      "images: {app: {}}\n"
      "jobs:\n"
      "  unit: {image: \"${{ images.app }}\", run: [x]}\n"
      "  publish: {needs: [unit], if: event == 'tag', push: {image: app, to: shop/app, tags: [\"${{ tag }}\"]}}\n");
  CHECK(made.jobs[1].condition.never());
  CHECK_FALSE(made.jobs[1].push);
}

TEST_CASE("a commit has to be named in full") {
  for (const char* sha : {"", "main", "0123456", "0123456789ABCDEF0123456789abcdef01234567",
                          "-0123456789abcdef0123456789abcdef0123456"}) {
    Context context = push_to_main();
    context.commit.sha = sha;
    CHECK(error_of("on: push\njobs: {unit: {image: x, run: [x]}}\n", context).find("does not name a commit") !=
          std::string::npos);
  }
}

TEST_CASE("what the event says is made fit for an environment") {
  Context context = push_to_main();
  context.commit.message = std::string("a\0b\xff\x1b\n", 6) + std::string(100'000, 'x');
  const Plan made = plan("on: push\njobs: {unit: {image: x, run: [x]}}\n", context);
  const std::string& message = made.jobs[0].steps[0].env.at("SLIPWAY_COMMIT_MESSAGE");
  CHECK(message.size() <= 8192);
  CHECK(
      message.starts_with("a\xEF\xBF\xBD"
                          "b\xEF\xBF\xBD\xEF\xBF\xBD\nxxx"));
  CHECK(made.jobs[0].steps[0].env.at("CI") == "true");
}

TEST_CASE("a small file can't make a plan of gigabytes") {
  std::string text = "on: push\njobs:\n  unit:\n    image: x\n    run: [x]\n    matrix: {a: [";
  for (int i = 0; i < 60; ++i) text += std::to_string(i) + ", ";
  text += "x]}\n    env:\n";
  for (int i = 0; i < 100; ++i)
    text += "      V" + std::to_string(i) + ": \"${{ commit.message }}${{ commit.message }}\"\n";
  Context context = push_to_main();
  context.commit.message = std::string(8000, 'x');
  CHECK(error_of(text, context) == "job unit: the plan has more than 16777216 bytes of text");
  const std::string one = "on: push\njobs: {unit: {image: x, run: [x], env: {A: \"";
  std::string many;
  for (int i = 0; i < 9; ++i) many += "${{ commit.message }}";
  CHECK(error_of(one + many + "\"}}}\n", context).find("is longer than 65536 bytes") != std::string::npos);
}
