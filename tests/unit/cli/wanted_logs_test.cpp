#include "cli/wanted_logs.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace slipway;
using namespace slipway::cli;

namespace {

Json attempt_of(const std::string& name, std::int64_t attempt, const std::string& role = "step") {
  return {{"name", name}, {"attempt", attempt}, {"role", role}};
}

Json job(const std::string& name, const std::string& kind, std::int64_t attempt, Json steps = Json::array(),
         const std::string& reason = "") {
  Json planned = Json::array();
  for (const Json& one : steps) planned.push_back(one["name"]);
  if (kind == "run") planned.push_back("last");  // it has not begun
  return {{"name", name},
          {"kind", kind},
          {"attempt", attempt},
          {"steps", std::move(steps)},
          {"state", "finished"},
          {"reason", reason},
          {"planned_steps", std::move(planned)}};
}

Json run_of_all_kinds() {
  return {
      {"id", 7},
      {"jobs", Json::array({job("app", "build", 1),
                            job("unit", "run", 2,
                                Json::array({attempt_of("db", 1, "service"), attempt_of("make", 1),
                                             attempt_of("make", 2), attempt_of("test", 2)})),
                            job("publish", "push", 1), job("live", "deploy", 0, Json::array(), "kept from run 6")})}};
}

std::string told(const LogChoice& choice) {
  std::string all;
  for (const WantedLog& log : wanted_logs(run_of_all_kinds(), choice)) {
    all += log.title + " " + log.path.substr(log.path.find("/7/") + 3) + " " + std::to_string(log.attempt) + "\n";
  }
  return all;
}

LogChoice choice(const std::string& job, const std::string& step = "", std::int64_t attempt = 0) {
  LogChoice made;
  made.job = job;
  made.step = step;
  made.attempt = attempt;
  return made;
}

}  // namespace

TEST_CASE("a run's logs are those of builds, steps, pushes and deployments, of each the newest attempt") {
  CHECK(told({}) ==
        "build app builds/app/logs 1\n"
        "unit / make jobs/unit/steps/make/logs 2\n"
        "unit / test jobs/unit/steps/test/logs 2\n"
        "unit / db jobs/unit/steps/db/logs 1\n"
        "publish jobs/publish/logs 1\n");
  CHECK(told(choice("app")) == "build app builds/app/logs 1\n");
  CHECK(told(choice("publish")) == "publish jobs/publish/logs 1\n");
  CHECK(told(choice("unit", "make")) == "unit / make jobs/unit/steps/make/logs 2\n");
  CHECK(told(choice("unit", "make", 1)) == "unit / make jobs/unit/steps/make/logs 1\n");
}

TEST_CASE("where there is no log it is said why") {
  const Json run = run_of_all_kinds();
  CHECK(told(choice("live")).empty());
  CHECK(why_no_log(run, choice("live")).message == "'live' has no log in this run: kept from run 6");
  CHECK(told(choice("unit", "", 4)).empty());
  CHECK(why_no_log(run, choice("unit", "", 4)).message == "there is no attempt 4 of that");
  CHECK(why_no_log(run, choice("nope")).message == "run 7 has no job or image 'nope'");
  CHECK(why_no_log(run, choice("unit", "nope")).message == "'unit' has no step or service 'nope'");
  CHECK(why_no_log(run, choice("unit", "last")).message == "'last' has not begun in this run");
}

TEST_CASE("a name that a run does not have is known as soon as its plan is, with the names that it has") {
  const Json run = run_of_all_kinds();
  const std::optional<Error> job = unknown_name(run, choice("nope", "make"));
  REQUIRE(job);
  CHECK(job->message == "run 7 has no job or image 'nope'");
  CHECK(job->hint == "it has app, unit, publish, live");
  const std::optional<Error> step = unknown_name(run, choice("unit", "mkae"));
  REQUIRE(step);
  CHECK(step->message == "'unit' has no step or service 'mkae'");
  CHECK(step->hint == "it has db, make, test, last");
  CHECK(unknown_name(run, choice("", "mkae"))->message == "run 7 has no step or service 'mkae'");
  for (const LogChoice& right :
       {choice("app"), choice("unit", "last"), choice("", "db"), choice("live"), LogChoice()}) {
    CHECK_FALSE(unknown_name(run, right));
  }
  CHECK_FALSE(unknown_name({{"id", 7}, {"state", "queued"}, {"jobs", Json::array()}}, choice("nope")));
  Json older = run;
  older["jobs"][1].erase("planned_steps");
  CHECK_FALSE(unknown_name(older, choice("unit", "mkae")));
}

TEST_CASE("a run that failed before it had jobs may have a report, which is said where something else is asked for") {
  const Json run = {{"id", 7}, {"verdict", "failed"}, {"reason", "slipway.yml:3: bad"}, {"jobs", Json::array()}};
  REQUIRE(report_of(run));
  CHECK(report_of(run)->path == "/api/v1/runs/7/plan/logs");
  const Error why = why_no_log(run, choice("unit"));
  CHECK(why.message == "the run has no jobs: slipway.yml:3: bad");
  CHECK(why.hint == "'slipway run logs 7' shows all that is wrong");
  CHECK_FALSE(report_of(run_of_all_kinds()));
  CHECK_FALSE(report_of({{"id", 7}, {"verdict", "skipped"}, {"jobs", Json::array()}}));
}
