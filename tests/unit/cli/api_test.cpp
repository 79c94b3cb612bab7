#include "cli/api.hpp"

#include <chrono>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace slipway::cli;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Api api_of(const ScriptedServer& server) {
  return Api(Context{server.url(), Secret("slw_x"), ""});
}

const std::string restarting = ScriptedServer::json(R"({"error": {"message": "starting"}})", 503);
const std::string nothing;

}  // namespace

TEST_CASE("a stream is followed on behind its last event, however it ended, until what it is about is over") {
  const std::string events = "text/event-stream";
  const ScriptedServer server(
      {ScriptedServer::chunks(events, {"id: 1\nevent: line\ndata: one\n\n"}, true), nothing, restarting,
       ScriptedServer::chunks(events, {": still here\n\n", "event: line\ndata: two\n\n"}, false),
       ScriptedServer::chunks(events, {"id: 3\nevent: end\ndata: {}\n\n"}, true)});
  std::vector<std::string> seen;
  const auto take = [&](const SseEvent& event) {
    seen.push_back(event.data);
    return event.name != "end";
  };
  REQUIRE(api_of(server).follow("/log", {}, take, {}));
  CHECK(seen == std::vector<std::string>{"one", "two", "{}"});
  const std::vector<std::string> asked = server.asked();
  REQUIRE(asked.size() == 5);
  CHECK_THAT(asked[0], !Contains("Last-Event-ID"));
  for (std::size_t i = 1; i < asked.size(); ++i) CHECK_THAT(asked[i], Contains("Last-Event-ID: 1\r\n"));
}

TEST_CASE("a stream that is refused is not asked for again") {
  const ScriptedServer server({ScriptedServer::json(R"({"error": {"message": "no such run"}})", 404)});
  const auto followed = api_of(server).follow("/log", {}, [](const SseEvent&) { return true; }, {});
  REQUIRE_FALSE(followed);
  CHECK(followed.error().message == "no such run");
  CHECK(server.asked().size() == 1);
}

TEST_CASE("who waits asks a daemon again that has answered before, and no other") {
  const ScriptedServer server(
      {nothing, ScriptedServer::json(R"({"n": 1})"), nothing, restarting, ScriptedServer::json(R"({"n": 2})")});
  const Api api = api_of(server);
  CHECK(api.get_patiently("/run", {}, {}).error().kind == Error::Kind::unavailable);
  CHECK(number_at(api.get_patiently("/run", {}, {}).value(), "n") == 1);
  CHECK(number_at(api.get_patiently("/run", {}, {}).value(), "n") == 2);
  CHECK(server.asked().size() == 5);
}

TEST_CASE("a wait that is called off ends though the daemon does not answer") {
  const ScriptedServer server({ScriptedServer::json("{}"), {"", 60s}});
  const Api api = api_of(server);
  REQUIRE(api.get("/run"));
  std::stop_source stop;
  const std::jthread caller([&stop] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  const auto began = std::chrono::steady_clock::now();
  CHECK_FALSE(api.get_patiently("/run", {}, stop.get_token()));
  CHECK(std::chrono::steady_clock::now() - began < 10s);
}
