// Rollouts while requests come in: kept connections, POST bodies, slow answers, WebSockets. None may fail.
#include "tests/integration/rollouts/fleet/load.hpp"

#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/probe_log.hpp"
#include "tests/integration/rollouts/fleet/fleet.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

struct LoadScene {
  explicit LoadScene(std::string name) : application(std::move(name)), folder("/tmp/slipway-" + application) {
    std::filesystem::remove_all(folder);
    fleet = std::make_unique<Fleet>(folder);
    fleet->clean();
    fleet->add_project();
    push_proxy_image(*fleet);
  }
  ~LoadScene() {
    fleet->clean();
    fleet.reset();
    std::filesystem::remove_all(folder);
  }
  [[nodiscard]] std::string compose(int replicas = 1) const {
    return "name: " + application +
           "\nservices:\n  web:\n    stop_grace_period: 1s\n    deploy: {replicas: " + std::to_string(replicas) +
           "}\n    healthcheck: {test: [CMD, python3, -c, \"import urllib.request as r; "
           "r.urlopen('http://127.0.0.1:8080/healthz')\"], interval: 500ms, timeout: 5s, retries: 2}\n"
           "    x-slipway: {route: {host: app.example.org, port: 8080, websocket_drain: 1s}}\n"
           "x-slipway:\n  targets: [production]\n  min_healthy_time: 200ms\n  health_deadline: 20s\n";
  }
  [[nodiscard]] std::vector<std::string> addresses() const {
    std::vector<std::string> all;
    for (const HostSettings& host : fleet->hosts->hosts()) all.push_back(fleet->hosts->address_of(host.name));
    return all;
  }

  std::string application;
  std::string folder;
  std::unique_ptr<Fleet> fleet;
};

/// What the rollout itself counted.
ProbeLog probes_of(const store::Rollout& rollout) {
  const auto progress = parse_json(rollout.progress);
  return ProbeLog::from(value_at(*progress, "probes"));
}

}  // namespace

TEST_CASE("no request is lost while a new version takes over on every host") {
  LoadScene scene("ro-load");
  const std::string one = push_app_image(*scene.fleet, "one");
  const std::string two = push_app_image(*scene.fleet, "two");
  const auto first = scene.fleet->roll_out(scene.compose(), one);
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  Load load(scene.addresses(), 50);
  const auto second = scene.fleet->roll_out(scene.compose(2), two);
  const Json counted = load.finish();
  INFO(second.reason << "\n" << counted.dump(2));
  CHECK(second.state == "succeeded");
  CHECK(counted["failed"] == 0);
  CHECK(counted["versions"]["one"] > 10);
  CHECK(counted["versions"]["two"] > 10);
  CHECK(counted["requests"]["slow"] > 3);
  CHECK(counted["requests"]["message"] > 3);
  const ProbeLog probes = probes_of(second);
  INFO(probes.json().dump(2));
  CHECK(probes.failures() == 0);
  CHECK(probes.requests() > 20);
  CHECK(probes.stages().size() >= 3);
  CHECK_FALSE(probes_of(first).counts("h9"));
}

TEST_CASE("no request is lost while containers that somebody changed give way to new ones of the same name") {
  LoadScene scene("ro-load-drift");
  scene.fleet->settle(scene.compose(), push_app_image(*scene.fleet, "one"));
  Load load(scene.addresses(), 50);
  for (const char* host : {"h1", "h2", "h3"}) {
    docker::Containers& containers = (*scene.fleet->hosts->engine(host))->containers();
    REQUIRE(scene.fleet->run(containers.set_restart_policy("ro-load-drift-web-g1-1", docker::RestartPolicy())));
  }
  const auto asked = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, false, "ann"));
  REQUIRE(asked);
  const auto redeployed = scene.fleet->wait(*asked);
  const Json counted = load.finish();
  INFO(redeployed.reason << "\n" << counted.dump(2));
  CHECK(redeployed.state == "succeeded");
  CHECK(counted["failed"] == 0);
  CHECK(counted["requests"]["slow"] > 3);
  CHECK(scene.fleet->shown("h1", scene.application).size() == 1);
}

TEST_CASE("a rollout that drops requests says so, and is rolled back if it is to") {
  LoadScene scene("ro-drop");
  const std::string one = push_app_image(*scene.fleet, "one");
  const std::string broken = push_app_image(*scene.fleet, "broken");
  scene.fleet->settle(scene.compose(), one);
  // Healthy by its own account, but it answers some requests with 500.
  const auto told = scene.fleet->roll_out(scene.compose() + "  probe: {rate: 10}\n", broken);
  CHECK(told.state == "succeeded");
  CHECK(told.reason.find("probes were dropped, first ") != std::string::npos);
  CHECK(told.reason.find("status 500") != std::string::npos);
  const auto strict =
      scene.fleet->roll_out(scene.compose(2) + "  probe: {rate: 20, fail_on_drop: true}\n  min_healthy: 0\n", broken);
  INFO(strict.reason);
  CHECK(strict.state == "rolled_back");
  CHECK(strict.reason.starts_with("alarm: a probe was dropped: "));
}

TEST_CASE("a version that is healthy and answers no request does not get past the probes that it leaves open") {
  LoadScene scene("ro-hang");
  const std::string hanging = push_app_image(*scene.fleet, "hanging");
  std::string compose = scene.compose();
  compose.insert(compose.find("websocket_drain"), "drain: 1s, ");
  scene.fleet->settle(compose, push_app_image(*scene.fleet, "one"));
  const auto strict = scene.fleet->roll_out(compose + "  probe: {fail_on_drop: true}\n", hanging);
  INFO(strict.reason);
  CHECK(strict.state == "rolled_back");
  CHECK(strict.reason.starts_with("alarm: a probe was dropped: "));
  const auto hosts = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::hosts, strict.id));
  REQUIRE(hosts);
  CHECK(std::count_if(hosts->begin(), hosts->end(), [](const auto& host) { return host.batch > 0; }) == 1);
  const auto told = scene.fleet->roll_out(compose, hanging);
  INFO(told.reason);
  CHECK(told.state == "succeeded");
  CHECK(told.reason.find("probes were dropped, first ") != std::string::npos);
}

TEST_CASE("no request is lost while a version that does not become healthy is rolled back") {
  LoadScene scene("ro-load-back");
  const std::string one = push_app_image(*scene.fleet, "one");
  const std::string sick = push_app_image(*scene.fleet, "sick");
  scene.fleet->settle(scene.compose(), one);
  Load load(scene.addresses(), 50);
  const auto second = scene.fleet->roll_out(scene.compose(), sick);
  const Json counted = load.finish();
  INFO(second.reason << "\n" << counted.dump(2));
  CHECK(second.state == "rolled_back");
  CHECK(counted["failed"] == 0);
  CHECK_FALSE(counted["versions"].contains("sick"));
}
