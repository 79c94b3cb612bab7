#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "docker-client/call.hpp"
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

TEST_CASE("an unterminated last line, a line of 17 KiB and both streams come out as they were written") {
  Bench bench;
  const std::string script =
      "echo one; sleep 0.3; echo two >&2; sleep 0.3; echo three; head -c 17408 /dev/zero | tr '\\0' x; echo; printf "
      "'no end'";
  // The engine reads the two streams side by side: what is written at the same moment has no order, hence the pauses.
  const JobOrder order = bench.order({script});
  CHECK(bench.run_job(order).verdict == Verdict::passed);
  const std::string expected = "+ " + script + "\none\ntwo\nthree\n" + std::string(17408, 'x') + "\nno end";
  CHECK(bench.log(order, "test") == expected);
  CHECK(bench.attempt(order, "test").log.sha256 == sha256_hex(expected));
}

TEST_CASE("bytes that are no text come out as the engine keeps them: NUL and all, only broken UTF-8 is replaced") {
  Bench bench;
  const std::string script = R"(printf 'a\000b\001\033[31mred\r\303\244 \377 end\n')";
  const JobOrder order = bench.order({script});
  CHECK(bench.run_job(order).verdict == Verdict::passed);
  using namespace std::string_literals;
  // The engine's json-file driver holds text: a byte that is no UTF-8 has become U+FFFD before slipway can see it.
  const std::string expected = "+ " + script + "\n" + "a\0b\1\033[31mred\r\303\244 \xEF\xBF\xBD end\n"s;
  CHECK(bench.log(order, "test") == expected);
  CHECK(bench.attempt(order, "test").log.sha256 == sha256_hex(expected));
}

TEST_CASE("a step that uses too much memory fails and says so") {
  Bench bench;
  JobOrder order = bench.order({"head -c 200000000 /dev/zero | tail >/dev/null"});
  order.limits.memory_bytes = 32 << 20;
  const Outcome outcome = bench.run_job(order);
  CHECK(outcome.verdict == Verdict::failed);
  CHECK(outcome.reason.find("out of memory (limit 32 MiB)") == 0);
  CHECK(bench.attempt(order, "test").oom);
}

TEST_CASE("a step whose log grows over its limit is stopped and fails visibly") {
  Bench bench;
  JobOrder order = bench.order({"yes 'a line of output' | head -c 50000000; sleep 1000"});
  order.log_limit = 1 << 20;
  const Outcome outcome = bench.run_job(order);
  CHECK(outcome.verdict == Verdict::failed);
  CHECK(outcome.reason == "the log is over its limit");
  const std::string log = bench.log(order, "test");
  CHECK(log.size() < (1 << 20) + 1000);
  CHECK(log.find("[the log is over its limit of 1048576 bytes: the step is stopped]") != std::string::npos);
  CHECK(bench.attempt(order, "test").log.truncated);
}

TEST_CASE("a command that does not exist is the step's failure") {
  Bench bench;
  CHECK(bench.run_job(bench.order({"no-such-command"})).reason == "exit code 127 (command not found)");
}

TEST_CASE("a job that is told to stop ends within its grace, whatever its step does about it") {
  Bench bench;
  const JobOrder order = bench.order({"trap '' TERM; echo ready; while :; do sleep 1; done"});
  const auto job = bench.make_job(order);
  std::optional<Result<Outcome>> outcome;
  const auto keep = [](std::shared_ptr<JobRun> j, std::optional<Result<Outcome>>& to) -> awaitable<void> {
    to.emplace(co_await j->run());
  };
  spawn(bench.io.get_executor(), "job", keep(job, outcome));
  bench.io.restart();
  const auto state = [&] {
    store::AttemptKey key(order.name.run, "unit", "test", 1);
    const auto attempt = bench.run(bench.store->read(&store::Attempts::get, std::move(key)));
    return attempt ? attempt->state : store::AttemptState::intent;
  };
  while (state() != store::AttemptState::running) bench.io.run_one_for(5ms);
  const auto asked = std::chrono::steady_clock::now();
  job->stop("cancelled by ann");
  bench.io.restart();
  while (!outcome) bench.io.run_one();
  CHECK(std::chrono::steady_clock::now() - asked < 8s);
  REQUIRE(*outcome);
  CHECK((*outcome)->reason == "cancelled by ann");
  bench.finish_clean_up();
  CHECK(bench.containers().empty());
}

TEST_CASE("steps share the workspace, one after the other") {
  Bench bench;
  JobOrder order = bench.order({"id -u; echo made > made; touch sub/too"});
  std::filesystem::create_directories(bench.folder / "source/sub");
  order.source = (bench.folder / "source").string();
  StepSpec next = order.steps[0];
  next.name = "next";
  next.commands = {"cat made; ls sub; pwd"};
  order.steps.push_back(next);
  const Outcome outcome = bench.run_job(order);
  INFO(outcome.reason);
  CHECK(outcome.verdict == Verdict::passed);
  CHECK(bench.log(order, "next") == "+ cat made; ls sub; pwd\nmade\ntoo\n/workspace\n");
}

namespace {

ServiceSpec web_service(std::vector<std::string> command) {
  ServiceSpec service;
  service.name = "web";
  service.image.reference = "busybox:latest";
  service.command = std::move(command);
  service.limits.memory_bytes = 64 << 20;
  service.ready.timeout = 20s;
  return service;
}

const std::string kServe =
    "sleep 1; mkdir /www; echo served > /www/index.html; echo about to listen; httpd -f -p 8080 -h /www";

}  // namespace

TEST_CASE("a service is waited for by port, by HTTP and by a line of its log, and reached by its name") {
  Bench bench;
  JobOrder order = bench.order({"wget -qO- http://web:8080/", "wget -qO- http://127.0.0.1:8080/"});
  order.offline = GENERATE(false, true);
  ServiceSpec service = web_service({"sh", "-c", kServe});
  const int way = GENERATE(0, 1, 2);
  if (way == 0) service.ready.port = 8080;
  if (way == 1) service.ready.http = pipelines::Readiness::Http{"/index.html", 8080, 200};
  if (way == 2) {
    service.ready.log = "about to listen";
    order.steps[0].commands.insert(order.steps[0].commands.begin(), "sleep 1");
  }
  order.services.push_back(service);
  const Outcome outcome = bench.run_job(order);
  INFO(outcome.reason << bench.log(order, "web"));
  CHECK(outcome.verdict == Verdict::passed);
  CHECK(bench.log(order, "test").find("served\n") != std::string::npos);
  CHECK(bench.log(order, "web").find("about to listen\n") != std::string::npos);
  CHECK(bench.attempt(order, "web").state == store::AttemptState::removed);
  CHECK(bench.attempt(order, "web").error.empty());
  CHECK(bench.containers().empty());
}

TEST_CASE("a service that ends before it is ready fails the job at once") {
  Bench bench;
  JobOrder order = bench.order({"true"});
  ServiceSpec service = web_service({"sh", "-c", "echo no luck >&2; exit 5"});
  service.ready.port = 8080;
  order.services.push_back(service);
  const auto began = std::chrono::steady_clock::now();
  const Outcome outcome = bench.run_job(order);
  CHECK(outcome.verdict == Verdict::failed);
  CHECK(outcome.reason == "service 'web' ended: exit code 5 before it was ready");
  CHECK(bench.log(order, "web") == "no luck\n");
  CHECK(std::chrono::steady_clock::now() - began < 15s);
  CHECK(bench.containers().empty());
}

TEST_CASE("a service that is not ready in time fails the job") {
  Bench bench;
  JobOrder order = bench.order({"true"});
  ServiceSpec service = web_service({"sleep", "1000"});
  service.ready.port = 8080;
  service.ready.timeout = 1s;
  order.services.push_back(service);
  CHECK(bench.run_job(order).reason == "service 'web' was not ready within 1 s");
  CHECK(bench.attempt(order, "web").error == "cancelled: the job has ended");
}

TEST_CASE("a container of the step's name that is not the step's is left alone, and the job says so") {
  Bench bench;
  const JobOrder order = bench.order({"true"});
  docker::ContainerSpec foreign("busybox:latest");
  foreign.name = order.name.container("test");
  foreign.command = std::vector<std::string>{"true"};
  foreign.labels = {{std::string(label::kInstance), bench.instance}};
  const auto made = bench.run(bench.engine.containers().create(foreign));
  REQUIRE(made);
  const Outcome outcome = bench.run_job(order);
  CHECK(outcome.verdict == Verdict::error);
  CHECK(outcome.reason.find("is not this step's") != std::string::npos);
  CHECK(bench.containers().size() == 1);
  CHECK(bench.attempt(order, "test").state == store::AttemptState::quarantined);
}

TEST_CASE("an image that is nowhere to be had is an error that names it") {
  Bench bench;
  JobOrder order = bench.order({"true"});
  order.steps[0].image.reference = "127.0.0.1:9/nowhere:1";
  const Outcome outcome = bench.run_job(order);
  CHECK(outcome.verdict == Verdict::error);
  CHECK(outcome.reason.find("127.0.0.1:9/nowhere:1") != std::string::npos);
}

TEST_CASE("what a look ahead found of an image is taken once; then, or if it found nothing, the engine is asked") {
  Bench bench;
  const std::string here = "127.0.0.1:9/looked-for:1";
  const auto tag = [&] { return bench.engine.images().tag("busybox:latest", "127.0.0.1:9/looked-for", "1"); };
  bench.images->look_ahead(here);
  bench.run(sleep_for(300ms));  // it has looked, and there was nothing
  REQUIRE(bench.run(tag()));
  const Result<std::string> asked = bench.run(bench.images->ensure(here, ImageSource::Trust::own));
  REQUIRE(asked);
  bench.images->look_ahead(here);
  bench.run(sleep_for(300ms));
  REQUIRE(bench.run(bench.engine.images().remove(here)));
  CHECK(bench.run(bench.images->ensure(here, ImageSource::Trust::own)).value() == *asked);
  CHECK_FALSE(bench.run(bench.images->ensure(here, ImageSource::Trust::own)));
}

TEST_CASE("two networks of the job network's name, left by a slipwayd that was killed, are in nobody's way") {
  Bench bench;  // which has made the first
  docker::Request request("POST", "/networks/create");
  request.json(
      dump_json({{"Name", "slip-" + bench.instance}, {"Labels", {{std::string(label::kInstance), bench.instance}}}}));
  const auto second = bench.run(docker::call_json(bench.engine.transport(), std::move(request), "create"));
  // From API 1.44 on the Engine has none of it.
  CHECK((second || second.error().kind == Error::Kind::conflict));
  const auto network = bench.run(ensure_job_network(bench.engine, bench.instance));
  REQUIRE(network);
  bench.network = *network;
  JobOrder order = bench.order({"true"});
  order.offline = false;
  const Outcome outcome = bench.run_job(std::move(order));
  INFO(outcome.reason);
  CHECK(outcome.verdict == Verdict::passed);
  REQUIRE(bench.run(remove_job_network(bench.engine, bench.instance)));
  docker::Filters ours;
  ours.label(std::string(label::kInstance), bench.instance);
  CHECK(bench.run(bench.engine.networks().list(ours))->empty());
}
