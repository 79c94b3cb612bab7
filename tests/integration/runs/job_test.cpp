#include "base/encoding.hpp"
#include "orchestrator/runs/job_run.hpp"
#include "tests/integration/runs/bench.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

TEST_CASE("a step that passes leaves its log and nothing in the engine") {
  Bench bench;
  const JobOrder order = bench.order({"echo hello"});
  const Outcome outcome = bench.run_job(order);
  CHECK(outcome.verdict == Verdict::passed);
  CHECK(bench.log(order, "test") == "+ echo hello\nhello\n");
  const store::Attempt attempt = bench.attempt(order, "test");
  CHECK(attempt.state == store::AttemptState::removed);
  CHECK(attempt.exit_code == 0);
  CHECK(attempt.log.sha256 == sha256_hex("+ echo hello\nhello\n"));
  CHECK(attempt.log.content_bytes == 19);
  CHECK(bench.containers().empty());
}

TEST_CASE("a step that fails stops the job and its exit code is told") {
  Bench bench;
  JobOrder order = bench.order({"echo before", "exit 42", "echo after"});
  StepSpec next = order.steps[0];
  next.name = "next";
  order.steps.push_back(next);
  const Outcome outcome = bench.run_job(order);
  CHECK(outcome.verdict == Verdict::failed);
  CHECK(outcome.reason == "step 'test': exit code 42");
  CHECK(bench.log(order, "test") == "+ echo before\nbefore\n+ exit 42\n");
  CHECK(bench.attempt(order, "next").error == "cancelled: not run");
  CHECK(bench.containers().empty());
}
