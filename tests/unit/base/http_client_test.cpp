#include "base/http_client.hpp"

#include <chrono>

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "tests/support/run_async.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

/// Asks a server that takes connections and never answers, and loses patience; how long that took.
Duration impatient_exchange(Pool& pool) {
  asio::io_context io;
  const tcp::acceptor silent(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  HttpRequest request("GET", "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/");
  request.timeout = 30s;
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = run_async(with_deadline(200ms, send_http(pool, std::move(request)), "the exchange"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find("the exchange took longer") != std::string::npos);
  return std::chrono::steady_clock::now() - begin;
}

}  // namespace

TEST_CASE("an exchange without a limit ends once a server has been quiet for too long, before its answer and within") {
  const ScriptedServer server({{"", 60s}, {ScriptedServer::chunks("text/plain", {}, false), 60s}});
  for (int turn = 0; turn < 2; ++turn) {
    HttpRequest request("GET", server.url() + "/");
    request.timeout = Duration::zero();
    request.quiet_time = 1s;
    const auto began = std::chrono::steady_clock::now();
    const Result<HttpResponse> response = send_http(request);
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == Error::Kind::timeout);
    CHECK(std::chrono::steady_clock::now() - began < 20s);
  }
}

TEST_CASE("who is cancelled does not wait for a server that never answers") {
  Pool pool(1);
  CHECK(impatient_exchange(pool) < 5s);
  CHECK(impatient_exchange(pool) < 5s);  // and the thread is free again
}
