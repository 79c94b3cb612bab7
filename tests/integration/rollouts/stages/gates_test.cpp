// Gates by command and by metrics, alarms and deadlines, on the rig's three hosts and a real Prometheus.
#include <catch2/catch.hpp>

#include "tests/integration/rollouts/fleet/prometheus.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// An application that serves `text`, and has made `errors` errors.
std::string push_measured(Fleet& fleet, const std::string& text, int errors) {
  return push_files_image(
      fleet, "measured-" + text,
      {{"index.html", text},
       {"metrics", "# TYPE app_errors gauge\napp_errors{version=\"" + text + "\"} " + std::to_string(errors)}});
}

/// A scrape that failed changes nothing.
const std::string lasting = "query: \"max_over_time(app_errors[1m])\"";

Prometheus watching(Fleet& fleet) {
  std::vector<std::string> targets;
  for (const char* host : {"h1", "h2", "h3"}) targets.push_back(fleet.hosts->address_of(host) + ":8080");
  return Prometheus(targets);
}

std::string compose(const Scene& scene, const std::string& metric, const std::string& more = {}) {
  return "name: " + scene.application +
         "\nservices: {web: {ports: [\"8080:8080\"], stop_grace_period: 1s, deploy: {update_config: {monitor: 60s}}}}\n"
         "x-slipway:\n  targets: [production]\n  min_healthy_time: 300ms\n  health_deadline: 8s\n"
         "  gate: {http: {port: 8080, interval: 200ms}, metrics: [{source: prod, interval: 500ms, " +
         metric + "}]}\n" + more;
}

}  // namespace

TEST_CASE("a metric that tells of harm rolls back what every health check calls healthy") {
  Scene scene("ro-metric");
  const Prometheus prometheus = watching(*scene.fleet);
  scene.fleet->metrics["prod"].url = prometheus.url();
  const std::string one = push_measured(*scene.fleet, "one", 0);
  const std::string two = push_measured(*scene.fleet, "two", 7);
  scene.fleet->settle(scene.compose(), one);
  prometheus.await("app_errors");
  const auto ended = scene.fleet->roll_out(compose(scene, "name: errors, " + lasting + ", above: 5, for: 1s"), two);
  INFO(ended.reason);
  CHECK(ended.state == "rolled_back");
  CHECK_THAT(ended.reason, Catch::StartsWith("alarm: errors{"));
  CHECK_THAT(ended.reason, Catch::Contains("version=\"two\"} is 7, above 5 for 1s"));
  CHECK(scene.said("alarm: errors{"));
  // On the first host already, while it was watched: the next one's turn did not come.
  CHECK(scene.said("host h1: created"));
  CHECK_FALSE(scene.said("host h2: created"));
  CHECK(scene.served() == thrice("one"));
  for (const char* host : {"h2", "h3"}) {
    CHECK(scene.running(host) == std::vector<std::string>{"ro-metric-web-g1-1"});
  }
}

TEST_CASE("a rollout whose metrics stay good is promoted") {
  Scene scene("ro-goodmetric");
  const Prometheus prometheus = watching(*scene.fleet);
  scene.fleet->metrics["prod"].url = prometheus.url();
  const std::string one = push_measured(*scene.fleet, "one", 0);
  std::string file =
      compose(scene, "query: max(app_errors), above: 5, for: 1s, on_no_data: ignore", "  strategy: all\n");
  file.replace(file.find("monitor: 60s"), 12, "monitor: 3s");
  const auto ended = scene.fleet->roll_out(file, one);
  INFO(ended.reason);
  CHECK(ended.state == "succeeded");
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("a Prometheus that no longer answers is an alarm, and pauses where that is asked for") {
  Scene scene("ro-nometric");
  Prometheus prometheus = watching(*scene.fleet);
  scene.fleet->metrics["prod"].url = prometheus.url();
  const std::string one = push_measured(*scene.fleet, "one", 0);
  const std::string two = push_measured(*scene.fleet, "two", 0);
  scene.fleet->settle(scene.compose(), one);
  prometheus.await("app_errors");
  const auto id = scene.fleet->begin(
      compose(scene, "name: errors, " + lasting + ", above: 5, tries: 3", "  alarm_action: pause\n"), two);
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) == "baking"; });
  prometheus.kill();
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) == "paused"; });
  const auto paused = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::get, *id));
  CHECK_THAT(paused->reason, Catch::StartsWith("alarm: errors: "));
  CHECK_THAT(paused->reason, Catch::Contains("3 times in a row"));
  CHECK(scene.served() == std::vector<std::string>{"two", "one", "one"});
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->ask_current("ro-nometric", Verb::roll_back, "ann")));
  CHECK(scene.fleet->wait(*id).state == "rolled_back");
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("a query that is wrong is an alarm that says what Prometheus says") {
  Scene scene("ro-badquery");
  const Prometheus prometheus = watching(*scene.fleet);
  scene.fleet->metrics["prod"].url = prometheus.url();
  const auto ended = scene.fleet->roll_out(compose(scene, "name: errors, query: \"sum(((\", above: 5"),
                                           push_measured(*scene.fleet, "one", 0));
  CHECK(ended.state == "rolled_back");
  CHECK_THAT(ended.reason, Catch::Contains("parse error"));
}

TEST_CASE("a command gate that does not pass rolls back with the command's exit code and words") {
  Scene scene("ro-command");
  const std::string gate = "  strategy: one\n  alarm_action: rollback\n";
  const auto with = [&](const std::string& script) {
    return "name: ro-command\nservices: {web: {ports: [\"8080:8080\"], stop_grace_period: 1s}}\n"
           "x-slipway:\n  targets: [production]\n  min_healthy_time: 300ms\n  health_deadline: 4s\n"
           "  gate: {command: {run: [sh, -c, \"" +
           script + "\"], interval: 200ms, timeout: 1s}}\n" + gate;
  };
  const std::string one = push_web_image(*scene.fleet, "command-1", "one");
  const std::string two = push_web_image(*scene.fleet, "command-2", "two");
  const auto first = scene.fleet->roll_out(with("grep -q one /www/index.html"), one);
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  const auto second = scene.fleet->roll_out(with("grep one /www/index.html || { echo I am not one; exit 7; }"), two);
  CHECK(second.state == "rolled_back");
  CHECK_THAT(second.reason, Catch::Contains("host h1: container ro-command-web-g2-1: the command gate did not pass: "
                                            "sh ended with 7: I am not one"));
  CHECK(scene.served() == thrice("one"));
  const auto third = scene.fleet->roll_out(with("exec sleep 60"), two);
  CHECK(third.state == "rolled_back");
  CHECK_THAT(third.reason, Catch::Contains("the command gate did not pass: sh took longer than 1000 ms"));
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("a rollout goes back at its deadline, which a restart of the daemon does not move") {
  Scene scene("ro-deadline");
  const std::string slow = scene.compose("  strategy: canary\n  steps: [{share: 1, wait: true}]\n  deadline: 12s\n");
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "deadline-1", "one"));
  const auto begin = std::chrono::steady_clock::now();
  const auto id = scene.fleet->begin(slow, push_web_image(*scene.fleet, "deadline-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) == "baking"; });
  const auto restart = std::chrono::steady_clock::now() - begin;
  scene.fleet->restart();
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) != "baking"; });
  const auto turned = std::chrono::steady_clock::now() - begin;
  const auto ended = scene.fleet->wait(*id);
  CHECK(ended.state == "rolled_back");
  CHECK(ended.reason == "it did not end before its deadline of 12s");
  CHECK(turned > std::chrono::milliseconds(11'500));
  CHECK(turned < restart + std::chrono::seconds(12));  // when it would be if it had begun anew
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("a wall clock that is set back makes no container that is healthy wait longer") {
  Scene scene("ro-setback");
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "setback-1", "one"));
  const auto id = scene.fleet->begin(scene.compose(), push_web_image(*scene.fleet, "setback-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] {
    scene.fleet->clock.step -= std::chrono::minutes(1);
    return scene.fleet->run(scene.fleet->store->read(&store::Rollouts::get, *id))->ended;
  });
  CHECK(scene.fleet->state_of(*id) == "succeeded");
  CHECK(scene.served() == thrice("two"));
}
