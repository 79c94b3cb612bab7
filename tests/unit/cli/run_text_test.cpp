#include "cli/run_text.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/exit_code.hpp"
#include "cli/run_progress.hpp"

using namespace slipway;
using namespace slipway::cli;

namespace {

Json step(const char* state, Json code) {
  return {{"name", "test"},
          {"role", "step"},
          {"attempt", 1},
          {"state", state},
          {"exit_code", std::move(code)},
          {"error", ""},
          {"oom", false},
          {"started_at", nullptr},
          {"finished_at", nullptr}};
}

Json run_with(Json steps, Json job_verdict, Json run_verdict) {
  const char* job_state = job_verdict.is_null() ? "running" : "finished";
  Json job = {{"name", "unit"},     {"kind", "run"},
              {"state", job_state}, {"verdict", std::move(job_verdict)},
              {"reason", ""},       {"steps", std::move(steps)}};
  return {{"id", 7},
          {"state", run_verdict.is_null() ? "running" : "finished"},
          {"verdict", std::move(run_verdict)},
          {"reason", ""},
          {"jobs", {std::move(job)}}};
}

}  // namespace

TEST_CASE("a step that ended with another code than 0 is said to have failed, with the code") {
  CHECK(describe_step(step("removed", 4)) == "failed: exit code 4");
  CHECK(describe_step(step("exited", 0)) == "passed");
  CHECK(describe_step(step("running", nullptr)) == "running");
}

TEST_CASE("a service that was stopped with its job has passed, whatever its exit code") {
  Json service = step("removed", 137);
  service["role"] = "service";
  CHECK(describe_step(service) == "passed");
  service["error"] = "failed: exit code 5";
  CHECK(describe_step(service) == "failed: exit code 5");
}

TEST_CASE("a step that never ran is not said to have passed") {
  Json lost = step("exited", nullptr);
  CHECK(outcome_of_step(lost) == "failed");
  lost["error"] = "no such image";
  CHECK(describe_step(lost) == "failed: no such image");
}

TEST_CASE("a step that was lost is said to be interrupted, with why, whatever its exit code") {
  Json lost = step("removed", 0);
  lost["error"] = "interrupted: the engine went away while it ran (exit code 0)";
  CHECK(outcome_of_step(lost) == "interrupted");
  CHECK(describe_step(lost) == "interrupted: the engine went away while it ran (exit code 0)");
  lost["error"] = "failed: exit code 4";
  CHECK(describe_step(lost) == "failed: exit code 4");
}

TEST_CASE("what befell a run from outside is told under it") {
  Json run = run_with(Json::array(), nullptr, nullptr);
  const auto incident = [](const char* kind, Json data) {
    return Json{{"time", "2026-11-25T12:00:00.000Z"}, {"kind", kind}, {"data", std::move(data)}};
  };
  run["incidents"] = {incident("engine.lost", {{"reason", "refused"}}), incident("engine.back", Json::object()),
                      incident("step.reattached", {{"job", "unit"}, {"step", "test"}})};
  const std::string text = describe_run(run);
  CHECK(text.find("the engine went away: refused\n") != std::string::npos);
  CHECK(text.find("the engine is back\n") != std::string::npos);
  CHECK(text.find("unit / test reattached after a restart of slipwayd\n") != std::string::npos);
}

TEST_CASE("a run is its commit's author's, whoever asked for it") {
  Json run = run_with(Json::array(), nullptr, nullptr);
  run["asked_by"] = "bob";
  CHECK(describe_run(run).find("\n  asked for by bob, ") != std::string::npos);
  run["author"] = "Ann <ann@example.org>";
  CHECK(describe_run(run).find("\n  by Ann <ann@example.org>, asked for by bob, ") != std::string::npos);
  run["asked_by"] = "";
  CHECK(describe_run(run).find("asked for") == std::string::npos);
}

TEST_CASE("memory is named as the reason when the kernel killed a step for it") {
  Json killed = step("exited", 137);
  killed["oom"] = true;
  CHECK(describe_step(killed) == "failed: exit code 137, out of memory");
  killed["error"] = "failed: out of memory (limit 16 MiB), exit code 137";
  CHECK(describe_step(killed) == "failed: out of memory (limit 16 MiB), exit code 137");
}

TEST_CASE("progress says each change once, the step before the job and the job before the run") {
  RunProgress progress;
  CHECK(progress.changes(run_with(Json::array({step("created", nullptr)}), nullptr, nullptr)) ==
        std::vector<std::string>{"unit  running", "run 7  running"});
  CHECK(progress.changes(run_with(Json::array({step("running", nullptr)}), nullptr, nullptr)) ==
        std::vector<std::string>{"unit / test  running"});
  CHECK(progress.changes(run_with(Json::array({step("running", nullptr)}), nullptr, nullptr)).empty());
  CHECK(progress.changes(run_with(Json::array({step("removed", 4)}), "failed", "failed")) ==
        std::vector<std::string>{"unit / test  failed: exit code 4", "unit  failed", "run 7  failed"});
}

TEST_CASE("a verdict means the exit code that the documentation promises") {
  CHECK(exit_of_verdict("passed") == Exit::ok);
  CHECK(exit_of_verdict("failed") == Exit::run_failed);
  CHECK(exit_of_verdict("error") == Exit::run_failed);
  CHECK(exit_of_verdict("interrupted") == Exit::run_failed);
  CHECK(exit_of_verdict("cancelled") == Exit::cancelled);
  CHECK(exit_of_verdict("superseded") == Exit::cancelled);
}
