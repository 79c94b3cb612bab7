// Canary and blue-green on the rig's three hosts.
#include <catch2/catch.hpp>

#include "base/http_client.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// A service whose port the Engine chooses, so that two generations can run beside each other.
std::string side_by_side(const std::string& application, const std::string& more) {
  return "name: " + application +
         "\nservices: {web: {ports: [\"8080\"], stop_grace_period: 1s}}\n"
         "x-slipway:\n  targets: [production]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n"
         "  gate: {http: {port: 8080, interval: 200ms}}\n" +
         more;
}

/// How many of 100 requests to the host's proxy the text answers.
int answers_with(Scene& scene, const std::string& host, const std::string& text) {
  int count = 0;
  for (int i = 0; i < 100; ++i) {
    HttpRequest request("GET", "http://" + scene.fleet->hosts->address_of(host) + "/");
    request.headers = {{"Host", "weights.example.org"}};
    const auto answer = send_http(request);
    REQUIRE(answer);
    REQUIRE(answer->status == 200);
    count += answer->body.starts_with(text) ? 1 : 0;
  }
  return count;
}

}  // namespace

TEST_CASE("a canary behind a proxy gives the new version its share of the requests on every host") {
  Scene scene("ro-weighted");
  push_proxy_image(*scene.fleet);
  const std::string plain =
      "name: ro-weighted\n"
      "services: {web: {expose: [\"8080\"], stop_grace_period: 1s, "
      "x-slipway: {route: {host: weights.example.org, port: 8080, drain: 2s}}}}\n"
      "x-slipway:\n  targets: [production]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n";
  const std::string canary = plain + "  strategy: canary\n  steps: [{share: 20%, wait: true}]\n";
  const auto first = scene.fleet->roll_out(plain, push_web_image(*scene.fleet, "weighted-1", "one"));
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  CHECK(answers_with(scene, "h2", "one") == 100);
  const auto id = scene.fleet->begin(canary, push_web_image(*scene.fleet, "weighted-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) == "baking"; });
  for (const char* host : {"h1", "h2", "h3"}) CHECK(std::abs(answers_with(scene, host, "two") - 20) <= 4);
  const auto verb = GENERATE(Verb::promote, Verb::roll_back);
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->ask_current("ro-weighted", verb, "ann")));
  CHECK(scene.fleet->wait(*id).state == (verb == Verb::promote ? "succeeded" : "rolled_back"));
  const std::string left = verb == Verb::promote ? "two" : "one";
  for (const char* host : {"h1", "h2", "h3"}) CHECK(answers_with(scene, host, left) == 100);
}

TEST_CASE("a canary stays on one host until it is promoted, also over a restart of the daemon") {
  Scene scene("ro-canary");
  const std::string compose = scene.compose("  strategy: canary\n  steps: [{share: 1, wait: true}]\n");
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "canary-1", "one"));
  const auto id = scene.fleet->begin(compose, push_web_image(*scene.fleet, "canary-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) == "baking"; });
  CHECK(scene.served() == std::vector<std::string>{"two", "one", "one"});
  scene.fleet->restart();
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  auto promoted = [&] {
    return scene.fleet->run(scene.fleet->rollouts->ask_current("ro-canary", Verb::promote, "ann")).has_value();
  };
  scene.fleet->run_until(promoted);
  CHECK(scene.fleet->wait(*id).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
}

TEST_CASE("a canary whose containers die while it is watched goes back by itself") {
  Scene scene("ro-sickcanary");
  const std::string compose = scene.compose("  strategy: canary\n  bake: 1m\n  steps: [1]\n");
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "sick-1", "one"));
  const auto id = scene.fleet->begin(compose, push_web_image(*scene.fleet, "sick-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) == "baking"; });
  REQUIRE(scene.fleet->run((*scene.fleet->hosts->engine("h1"))->containers().kill("ro-sickcanary-web-g2-1")));
  const auto ended = scene.fleet->wait(*id);
  CHECK(ended.state == "rolled_back");
  CHECK_THAT(ended.reason, Catch::Contains("host h1: container ro-sickcanary-web-g2-1: exited"));
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("blue-green runs both generations until the bake time is over, and a rollback in it starts nothing") {
  Scene scene("ro-bluegreen");
  const std::string compose = side_by_side("ro-bluegreen", "  strategy: blue-green\n  bake: 1m\n");
  const std::string plain = side_by_side("ro-bluegreen", "");
  scene.fleet->settle(plain, push_web_image(*scene.fleet, "bg-1", "one"));
  const auto id = scene.fleet->begin(compose, push_web_image(*scene.fleet, "bg-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) == "baking"; });
  for (const char* host : {"h1", "h2", "h3"}) CHECK(scene.running(host).size() == 2);
  const auto verb = GENERATE(Verb::promote, Verb::roll_back);
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->ask_current("ro-bluegreen", verb, "ann")));
  const auto ended = scene.fleet->wait(*id);
  CHECK(ended.state == (verb == Verb::promote ? "succeeded" : "rolled_back"));
  const std::string left = verb == Verb::promote ? "ro-bluegreen-web-g2-1" : "ro-bluegreen-web-g1-1";
  for (const char* host : {"h1", "h2", "h3"}) CHECK(scene.running(host) == std::vector<std::string>{left});
}
