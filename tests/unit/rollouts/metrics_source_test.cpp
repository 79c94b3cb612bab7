#include "orchestrator/rollouts/metrics_source.hpp"

#include <chrono>

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "tests/support/run_async.hpp"

namespace slipway::rollouts {

using namespace std::chrono_literals;
using asio::ip::tcp;

TEST_CASE("a rollout that is cancelled does not wait for a source of metrics that never answers") {
  asio::io_context io;
  const tcp::acceptor silent(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  MetricsSource source;
  source.url = "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  Pool pool(1);
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 2; ++i) {  // the second finds the thread free
    MetricsSource asked = source;
    const auto answer = run_async(with_deadline(100ms, ask_metrics(pool, std::move(asked), "up"), "the query"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.find("the query took longer") != std::string::npos);
  }
  CHECK(std::chrono::steady_clock::now() - begin < 8s);  // each may take 5 s
}

}  // namespace slipway::rollouts
