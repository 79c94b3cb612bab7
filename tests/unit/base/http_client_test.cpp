#include "base/http_client.hpp"

#include <chrono>

#include <catch2/catch.hpp>

#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace std::chrono_literals;

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
