#include "cli/run_screen.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace slipway;
using namespace slipway::cli;

namespace {

using ScreenLines = std::vector<std::string>;

constexpr const char* kNow = "2026-12-01T10:00:42.000Z";

Json job_at(const char* name, const char* state, Json verdict = nullptr, const char* reason = "") {
  Json job = Json::object();
  job["name"] = name;
  job["kind"] = "run";
  job["state"] = state;
  job["verdict"] = std::move(verdict);
  job["reason"] = reason;
  job["started_at"] = std::string(state) == "pending" ? Json() : Json("2026-12-01T10:00:12.000Z");
  job["finished_at"] = job["verdict"].is_null() ? Json() : Json("2026-12-01T10:00:24.000Z");
  job["steps"] = Json::array();
  return job;
}

Json step_at(const char* name, const char* state, const char* role = "step") {
  Json step = Json::object();
  step["name"] = name;
  step["role"] = role;
  step["state"] = state;
  step["started_at"] = "2026-12-01T10:00:38.000Z";
  step["finished_at"] = nullptr;
  return step;
}

Json run_at(Json jobs) {
  Json run = Json::object();
  run["id"] = 7;
  run["project"] = "shop";
  run["state"] = "running";
  run["verdict"] = nullptr;
  run["reason"] = "";
  run["started_at"] = "2026-12-01T10:00:00.000Z";
  run["finished_at"] = nullptr;
  run["jobs"] = std::move(jobs);
  return run;
}

}  // namespace

TEST_CASE("the screen has the run and its jobs, each with its state, its time and the step that runs") {
  Json build = job_at("app", "finished", "passed");
  build["kind"] = "build";
  Json unit = job_at("unit", "running");
  unit["steps"] =
      Json::array({step_at("db", "running", "service"), step_at("test", "running"), step_at("pack", "created")});
  Json jobs = Json::array();
  jobs.push_back(build);
  jobs.push_back(unit);
  jobs.push_back(job_at("lint", "finished", "failed", "exit code 3"));
  jobs.push_back(job_at("live", "pending"));
  CHECK(run_screen(run_at(jobs), kNow, {}) == ScreenLines{"run 7 of shop  running (42s)", "  build app  passed (12s)",
                                                          "  unit       running (30s)  test (4s)",
                                                          "  lint       failed: exit code 3 (12s)",
                                                          "  live       pending"});
}

TEST_CASE("no line of the screen is wider than the terminal, and no character is cut in two") {
  Json jobs = Json::array();
  jobs.push_back(job_at("größe", "finished", "failed", "naïve\x1b[2J"));
  const Json run = run_at(jobs);
  CHECK(run_screen(run, kNow, {200, 9})[1] == "  größe  failed: naïve\\x1b[2J (12s)");
  CHECK(run_screen(run, kNow, {21, 9}) == ScreenLines{"run 7 of shop  runnin", "  größe  failed: naïv"});
  CHECK(run_screen(run, kNow, {20, 9})[1] == "  größe  failed: naï");
  CHECK(run_screen(run, kNow, {5, 9}) == ScreenLines{"run 7", "  grö"});
}

TEST_CASE("where not all jobs have room, those that run or went wrong are shown, and how many are not") {
  Json jobs = Json::array();
  for (const char* name : {"a", "b", "c"}) jobs.push_back(job_at(name, "finished", "passed"));
  jobs.push_back(job_at("d", "finished", "failed"));
  jobs.push_back(job_at("e", "running"));
  const Json run = run_at(jobs);
  CHECK(run_screen(run, kNow, {80, 7}).size() == 6);
  CHECK(run_screen(run, kNow, {80, 6}) == ScreenLines{"run 7 of shop  running (42s)", "  a  passed (12s)",
                                                      "  d  failed (12s)", "  e  running (30s)", "  and 2 more"});
  CHECK(run_screen(run, kNow, {80, 4}) ==
        ScreenLines{"run 7 of shop  running (42s)", "  e  running (30s)", "  and 4 more"});
  CHECK(run_screen(run, kNow, {80, 2}) == ScreenLines{"run 7 of shop  running (42s)"});
  CHECK(run_screen(run, kNow, {80, 1}).size() == 1);
}

TEST_CASE("a block of lines is drawn over the one before, and what that had more is cleared") {
  Block block;
  CHECK(block.draw({"one", "two"}) == "\033[?7l\rone\033[K\ntwo\033[K\n\033[J\033[?7h");
  CHECK(block.draw({"three"}) == "\033[?7l\033[2A\rthree\033[K\n\033[J\033[?7h");
  CHECK(block.draw({"four"}) == "\033[?7l\033[1A\rfour\033[K\n\033[J\033[?7h");
}
