#include "orchestrator/rollouts/prober.hpp"

#include <catch2/catch.hpp>

#include "tests/support/run_async.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

using Turns = std::vector<ScriptedServer::Turn>;

const ScriptedServer::Turn good_turn = ScriptedServer::json("{}");

/// For as long as any of these tests takes.
const ScriptedServer::Turn silent_turn("", std::chrono::seconds(20));

/// What `work` does with a prober of host h1, whose requests `server` gets.
struct Probing {
  explicit Probing(Turns turns) : server(std::move(turns)) {}

  void run(std::function<awaitable<void>(Prober&)> work) {
    run_async([](Probing* self, std::function<awaitable<void>(Prober&)> what) -> awaitable<void> {
      Prober::Owner owner;
      owner.answers = [self](std::string) { return self->host_answers(); };
      owner.dropped = [self](const std::string& why) { self->dropped.push_back(why); };
      auto executor = co_await asio::this_coro::executor;
      std::vector<ProbeTarget> targets(1);
      targets[0].host = "h1";
      targets[0].route.url = self->server.url();
      Prober prober(executor, self->clock, self->policy, std::move(targets), ProbeLog(), std::move(owner));
      prober.enter("batch 1");
      prober.start();
      while (prober.log().requests() == 0) co_await sleep_for(std::chrono::milliseconds(5));
      co_await what(prober);
      self->log = prober.log();
      co_await prober.stop();
    }(this, std::move(work)));
  }
  awaitable<bool> host_answers() {
    co_await sleep_for(host_takes);
    co_return true;
  }

  ScriptedServer server;
  SystemClock clock;
  ProbePolicy policy{0.1, {}, Milliseconds(1000), true};
  Milliseconds host_takes{0};
  std::vector<std::string> dropped;
  ProbeLog log;
};

}  // namespace

TEST_CASE("whoever waits for a host's probes hears of one that hangs before it goes on, whatever the rate is") {
  Probing probing({good_turn, silent_turn});
  probing.run([](Prober& prober) { return prober.settle("h1"); });
  REQUIRE(probing.dropped.size() == 1);
  CHECK_THAT(probing.dropped[0], Catch::Contains("host h1 during batch 1"));
  CHECK(probing.log.failures() == 1);
}

TEST_CASE("waiting for probes that are answered, or for those of a host without a route, takes no time") {
  Probing probing({good_turn, good_turn, good_turn});
  probing.policy.timeout = Milliseconds(10'000);
  const auto begin = std::chrono::steady_clock::now();
  probing.run([](Prober& prober) { return prober.settle("h1"); });
  CHECK(probing.server.asked().size() == 2);
  probing.run([](Prober& prober) { return prober.settle("h2"); });
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(5));
  CHECK(probing.dropped.empty());
}

TEST_CASE("at the end all that was sent is told, and nothing more is sent") {
  Probing probing({good_turn, silent_turn, silent_turn, silent_turn, silent_turn, silent_turn});
  probing.policy.rate = 20;
  probing.run([&probing](Prober& prober) -> awaitable<void> {
    return [](Probing* self, Prober* probes) -> awaitable<void> {
      while (self->server.asked().size() < 3) co_await sleep_for(std::chrono::milliseconds(5));
      co_await probes->finish();
    }(&probing, &prober);
  });
  CHECK(probing.log.failures() >= 2);
  CHECK(probing.log.requests() == probing.server.asked().size());
}

TEST_CASE("of what is open at the end for too long it is said that nothing is known") {
  Probing probing({good_turn, silent_turn, silent_turn, silent_turn, silent_turn, silent_turn});
  probing.policy.rate = 20;
  probing.host_takes = std::chrono::minutes(1);
  probing.run([&probing](Prober& prober) -> awaitable<void> {
    return [](Probing* self, Prober* probes) -> awaitable<void> {
      while (self->server.asked().size() < 2) co_await sleep_for(std::chrono::milliseconds(5));
      co_await probes->finish();
    }(&probing, &prober);
  });
  CHECK(probing.log.failures() == 0);
  REQUIRE(probing.log.stages().size() == 1);
  CHECK(probing.log.stages()[0].figures.unanswered >= 1);
}
