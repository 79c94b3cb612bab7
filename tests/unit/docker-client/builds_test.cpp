#include "docker-client/builds.hpp"

#include <catch2/catch.hpp>

#include "tests/support/run_async.hpp"
#include "tests/support/tar_text.hpp"
#include "tests/unit/docker-client/scripted_engine.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

constexpr auto killed_run =
    "{\"stream\":\"Step 1/2 : FROM a\"}\r\n{\"stream\":\"Step 2/2 : RUN sleep 9\"}\r\n"
    "{\"errorDetail\":{\"code\":137,\"message\":\"returned a non-zero code: 137\"}}\r\n";

/// Answers a build with a RUN that was killed; its later connections are closed at once if it `stops`.
awaitable<void> kill_run(Peer peer, bool stops) {
  while (true) {
    const std::string request = co_await peer.request();
    if (request.empty()) co_return;
    const bool build = request.starts_with("POST");
    if (!build && stops && request.starts_with("GET")) co_return peer.close();
    co_await peer.answer("200 OK", build ? killed_run : "OK", "Api-Version: 1.41\r\n");
  }
}

awaitable<Result<BuildOutcome>> build_on(bool stopping_engine) {
  const Executor executor = co_await asio::this_coro::executor;
  ScriptedEngine engine(executor,
                        [stopping_engine](Peer peer, int) { return kill_run(std::move(peer), stopping_engine); });
  Transport transport(executor, engine.endpoint());
  Builds builds(transport);
  BuildSpec spec;
  spec.id = "killed";
  spec.builder = Builder::classic;
  auto context = source_of({{"Dockerfile", "FROM a\nRUN sleep 9\n"}});
  Result<BuildOutcome> outcome = co_await builds.build(std::move(spec), std::move(context));
  transport.close_idle();
  co_await engine.stop();
  co_return outcome;
}

}  // namespace

TEST_CASE("a RUN that was killed is a failed build while the engine lives") {
  const auto outcome = run_async(build_on(false));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == Error::Kind::failed);
  CHECK(outcome.error().message.find("137") != std::string::npos);
}

TEST_CASE("a RUN that was killed because the engine stops is an interrupted build") {
  const auto outcome = run_async(build_on(true));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == Error::Kind::unavailable);
  CHECK(outcome.error().message.find("interrupted") != std::string::npos);
}
