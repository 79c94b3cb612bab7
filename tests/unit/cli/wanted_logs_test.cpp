#include "cli/wanted_logs.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace slipway;
using namespace slipway::cli;

namespace {

Json step(const std::string& name, std::int64_t attempt, const std::string& role = "step") {
  return {{"name", name}, {"attempt", attempt}, {"role", role}};
}

Json job(const std::string& name, const std::string& kind, std::int64_t attempt, Json steps = Json::array(),
         const std::string& reason = "") {
  return {{"name", name},        {"kind", kind},    {"attempt", attempt}, {"steps", std::move(steps)},
          {"state", "finished"}, {"reason", reason}};
}

Json run_of_all_kinds() {
  return {{"id", 7},
          {"jobs",
           Json::array({job("app", "build", 1),
                        job("unit", "run", 2,
                            Json::array({step("db", 1, "service"), step("make", 1), step("make", 2), step("test", 2)})),
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
  CHECK(why_no_log(run, choice("nope")).message == "the run has no such job or step");
  CHECK(why_no_log(run, choice("unit", "nope")).message == "the run has no such job or step");
}
