// Jobs that a daemon finds under way, where what they need is not as it was.
#include "tests/integration/runs/bench.hpp"
#include "tests/integration/runs/required.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

awaitable<void> run_on(std::shared_ptr<JobRun> job) {
  (void)co_await job->run();
}

awaitable<Result<std::pair<std::string, std::string>>> no_network() {
  co_return fail(Error::Kind::internal, "the engine is broken");
}

std::optional<store::AttemptState> state_of_step(Bench& bench, const JobOrder& order, const std::string& step) {
  store::AttemptKey key(order.name.run, order.name.job, step, order.name.attempt);
  const auto attempt = bench.run(bench.store->read(&store::Attempts::get, std::move(key)));
  return attempt ? std::optional(attempt->state) : std::nullopt;
}

/// Works on the job until `holds`, then leaves everything as it is.
template <class Condition>
void work_until(Bench& bench, const JobOrder& order, Condition holds) {
  Tasks daemon(bench.io.get_executor());
  daemon.spawn("job", run_on(bench.make_job(order)));
  const auto limit = std::chrono::steady_clock::now() + 1min;
  while (!holds()) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    bench.io.run_one_for(5ms);
  }
  daemon.cancel();
  bench.run(daemon.join());
}

void add_step(JobOrder& order, const std::string& name, std::vector<std::string> commands) {
  StepSpec step = order.steps[0];
  step.name = name;
  step.commands = std::move(commands);
  order.steps.push_back(std::move(step));
}

}  // namespace

TEST_CASE("a step that is found again needs no network to go on, nor does a next one that is made already") {
  Bench bench;
  JobOrder order = bench.order({"sleep 3", "echo done"});
  order.offline = false;
  const bool next = GENERATE(false, true);
  if (next) add_step(order, "next", {"echo next"});
  work_until(bench, order, [&] {
    const bool made = !next || state_of_step(bench, order, "next") == store::AttemptState::created;
    return made && state_of_step(bench, order, "test") == store::AttemptState::running;
  });
  bench.tools->network = no_network;
  const Outcome outcome = bench.run_job(order);
  INFO(outcome.reason);
  CHECK(outcome.verdict == Verdict::passed);
  CHECK(bench.log(order, "test").ends_with("done\n"));
  if (next) CHECK(bench.log(order, "next").ends_with("next\n"));
  CHECK(bench.containers().empty());
}

TEST_CASE("a step that is found again beside others to be made, for which there is no network, is stopped in order") {
  Bench bench;
  JobOrder order = bench.order({"trap 'echo bye; exit 0' TERM", "while :; do sleep 0.1; done"});
  order.offline = false;
  add_step(order, "second", {"true"});
  add_step(order, "third", {"true"});
  work_until(bench, order, [&] {
    return state_of_step(bench, order, "second") == store::AttemptState::created &&
           state_of_step(bench, order, "test") == store::AttemptState::running &&
           bench.log(order, "test").find("+ while") != std::string::npos;
  });
  bench.tools->network = no_network;
  const Outcome outcome = bench.run_job(order);
  CHECK(outcome.verdict == Verdict::error);
  CHECK(outcome.reason == "the engine is broken");
  CHECK(bench.log(order, "test").ends_with("\nbye\n"));
  CHECK(bench.attempt(order, "test").error == "failed: the engine is broken");
  CHECK(bench.attempt(order, "test").exit_code == 0);
  CHECK_FALSE(state_of_step(bench, order, "third"));
  CHECK(bench.containers().empty());
}

namespace {

/// Ready once its port is open, which has to be within two seconds.
void add_service(JobOrder& order, std::vector<std::string> command) {
  ServiceSpec service;
  service.name = "web";
  service.image.reference = "busybox:latest";
  service.command = std::move(command);
  service.limits.memory_bytes = 64 << 20;
  service.ready.port = 8080;
  service.ready.timeout = 2s;
  order.services.push_back(std::move(service));
}

}  // namespace

TEST_CASE(
    "a service that was ready and is not any more, or is gone, is no reason to end the step that is found again") {
  Bench bench;
  JobOrder order = bench.order({"sleep 7", "echo done"});
  add_service(order, {"sh", "-c", "httpd -f -p 8080 -h / & sleep 2; kill $!; echo closed; sleep 1000"});
  const bool gone = GENERATE(false, true);
  work_until(bench, order, [&] {
    return state_of_step(bench, order, "test") == store::AttemptState::running &&
           bench.log(order, "web").find("closed\n") != std::string::npos;
  });
  docker::RemoveContainer how;
  how.force = true;
  if (gone) required(bench.run(bench.engine.containers().remove(order.name.container("web"), how)));
  const Outcome outcome = bench.run_job(order);
  INFO(outcome.reason);
  CHECK(outcome.verdict == Verdict::passed);
  CHECK(bench.log(order, "test").ends_with("done\n"));
  CHECK(bench.containers().empty());
}

TEST_CASE("a step whose start the journal does not know yet is one that has begun, with services that were ready") {
  Bench bench;
  JobOrder order = bench.order({"sleep 4", "echo done"});
  add_service(order, {"sleep", "1000"});  // not ready at present
  work_until(bench, order, [&] {
    return state_of_step(bench, order, "test") == store::AttemptState::created &&
           state_of_step(bench, order, "web") == store::AttemptState::running;
  });
  const bool started = GENERATE(true, false);
  if (started) required(bench.run(bench.engine.containers().start(order.name.container("test"))));
  const Outcome outcome = bench.run_job(order);
  INFO(outcome.reason);
  CHECK(outcome.verdict == (started ? Verdict::passed : Verdict::failed));
  if (!started) CHECK(outcome.reason == "service 'web' was not ready within 2 s");
  CHECK(bench.containers().empty());
}
