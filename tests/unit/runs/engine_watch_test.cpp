#include "orchestrator/runs/engine_watch.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "orchestrator/runs/naming.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

ScriptedServer::Turn pong() {
  return {"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"};
}

/// Of a container of ours.
std::string killed(const std::string& container, const std::string& nanoseconds) {
  return R"({"Type":"container","Action":"kill","Actor":{"ID":")" + container + R"(","Attributes":{")" +
         std::string(label::kInstance) + R"(":"x","signal":"9"}},"timeNano":)" + nanoseconds + "}\n";
}

std::string removed_network(const std::string& nanoseconds) {
  return R"({"Type":"network","Action":"destroy","Actor":{"ID":"n","Attributes":{}},"timeNano":)" + nanoseconds + "}\n";
}

std::vector<std::string> event_requests(const ScriptedServer& engine) {
  std::vector<std::string> found;
  for (const std::string& head : engine.asked()) {
    if (head.find("/events?") != std::string::npos) found.push_back(head.substr(0, head.find("\r\n")));
  }
  return found;
}

std::int64_t seconds_in(const std::string& request) {
  const auto at = request.find("since=");
  REQUIRE(at != std::string::npos);
  return std::stoll(request.substr(at + 6));
}

}  // namespace

TEST_CASE("what happened between the end of a stream of events and the next one is known, and counted once") {
  const std::string before = removed_network("1000000000000000001") + killed("first", "1000000000000000002");
  const std::string between = killed("second", "1000000000000000003");
  const auto events = [](const std::string& text, bool ended) {
    return ScriptedServer::chunks("application/json", {text}, ended);
  };
  // The second ping agrees on a version. Engines repeat the events of the very moment that is asked for.
  const ScriptedServer server(
      {pong(), pong(), events(before, true), pong(), ScriptedServer::Turn(events(before + between, false), 60s)});
  asio::io_context io;
  docker::Engine engine(io.get_executor(), *docker::parse_endpoint("tcp" + server.url().substr(4)));
  EngineWatch watch(engine, io.get_executor());
  Tasks watching(io.get_executor());
  const std::int64_t began = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  watching.spawn("watch", watch.run({}));
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (!watch.signal_sent("second") && std::chrono::steady_clock::now() < limit) io.run_one_for(20ms);

  CHECK(watch.signal_sent("first") == 9);
  CHECK(watch.signal_sent("second") == 9);
  CHECK(watch.outages() == 0);
  CHECK(watch.removals() == 2);  // that of the network, and that more may have been missed
  const std::vector<std::string> asked = event_requests(server);
  REQUIRE(asked.size() == 2);
  CHECK(seconds_in(asked[0]) - began <= 1);
  CHECK(seconds_in(asked[0]) >= began);
  CHECK(asked[1].find("since=1000000000.000000002&") != std::string::npos);

  watching.cancel();
  while (watching.size() > 0) io.run_one_for(20ms);
}
