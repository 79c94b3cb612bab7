// Engines that stop, die, hang and come back, with streams open.
#include "tests/integration/docker-client/container_fixture.hpp"
#include "tests/support/helper_engine.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

/// A container that runs on, with every kind of stream open on it.
struct Open {
  explicit Open(Bench& bench)
      : id(bench.start("echo ready; sleep 1000")),
        logs(take(bench, bench.engine->containers().logs(id, follow()))),
        attach(take(bench, bench.engine->containers().attach(id))),
        wait(take(bench, bench.engine->containers().begin_wait(id))),
        events(take(bench, bench.engine->events().follow())) {
    const auto piece = bench.engine.run(logs.next());
    REQUIRE(piece);
    CHECK(Bench::text_of(*piece, LogStream::out) == "ready\n");
  }
  template <class T>
  static T take(Bench& bench, awaitable<Result<T>> work) {
    auto result = bench.engine.run(std::move(work));
    if (!result) throw std::runtime_error(result.error().message);
    return std::move(*result);
  }
  static LogsRequest follow() {
    LogsRequest what;
    what.follow = true;
    return what;
  }

  std::string id;
  ResponseStream logs;
  HijackedStream attach;
  ContainerWait wait;
  EventStream events;
};

}  // namespace

TEST_CASE("an Engine told to stop ends its streams cleanly and answers 137: no end is a verdict, inspect is") {
  HelperEngine helper;
  helper.load_busybox();
  Bench bench(helper.unix_endpoint());
  Open open(bench);
  const pid_t process = helper.pid();
  helper.signal(SIGTERM);

  const auto log_end = bench.engine.run(within(30s, open.logs.next()));
  REQUIRE(log_end);
  CHECK(log_end->empty());
  const auto exit = bench.engine.run(within(30s, open.wait.result()));
  REQUIRE(exit);
  CHECK(exit->exit_code == 137);
  auto attach_end = bench.engine.run(within(30s, open.attach.read()));
  while (attach_end && !attach_end->empty()) attach_end = bench.engine.run(within(30s, open.attach.read()));
  REQUIRE(attach_end);

  helper.await_end(process);
  const auto down = bench.engine.run(bench.engine->containers().inspect(open.id));
  REQUIRE_FALSE(down);
  CHECK(down.error().kind == Error::Kind::unavailable);
  CHECK(down.error().message.find("docker.sock") != std::string::npos);

  helper.start_again();
  const Container container = bench.inspect(open.id);
  CHECK(container.state.status == ContainerStatus::exited);
}

TEST_CASE("an Engine that is killed cuts its streams off, and each of them says so") {
  HelperEngine helper;
  helper.load_busybox();
  Bench bench(helper.unix_endpoint());
  Open open(bench);
  const pid_t process = helper.pid();
  helper.signal(SIGKILL);

  const auto logs = bench.engine.run(within(30s, open.logs.next()));
  REQUIRE_FALSE(logs);
  CHECK(logs.error().kind == Error::Kind::unavailable);
  const auto wait = bench.engine.run(within(30s, open.wait.result()));
  REQUIRE_FALSE(wait);
  CHECK(wait.error().kind == Error::Kind::unavailable);
  auto event = bench.engine.run(within(30s, open.events.next()));
  while (event && *event) event = bench.engine.run(within(30s, open.events.next()));
  REQUIRE_FALSE(event);
  CHECK(event.error().kind == Error::Kind::unavailable);

  helper.await_end(process);
  const auto refused = bench.engine.run(bench.engine->containers().inspect(open.id));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::unavailable);

  helper.start_again();
  CHECK_FALSE(bench.inspect(open.id).state.status == ContainerStatus::created);
}

TEST_CASE("an Engine that hangs is a timeout for calls, and nothing for streams") {
  HelperEngine helper;
  helper.load_busybox();
  Bench bench(helper.unix_endpoint());
  Open open(bench);
  TransportOptions options;
  options.response_timeout = 300ms;
  RealEngine hasty(helper.unix_endpoint(), options);
  REQUIRE(hasty.run(hasty->containers().inspect(open.id)));

  helper.signal(SIGSTOP);
  const auto answer = hasty.run(hasty->containers().inspect(open.id));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Error::Kind::timeout);
  const auto quiet = bench.engine.run(within(500ms, open.logs.next()));
  REQUIRE_FALSE(quiet);
  CHECK(quiet.error().kind == Error::Kind::timeout);

  helper.signal(SIGCONT);
  CHECK(bench.inspect(open.id).state.running);
}
