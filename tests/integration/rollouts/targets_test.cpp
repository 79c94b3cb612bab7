// Deployments whose targets are others than those of the generation before, on the rig's three hosts.
#include <catch2/catch.hpp>

#include "orchestrator/rollouts/inventory.hpp"
#include "orchestrator/store/applications.hpp"
#include "tests/integration/rollouts/fleet/cut_off.hpp"
#include "tests/integration/rollouts/fleet/parts.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

std::string aimed(const Scene& scene, const std::string& hosts, const std::string& path = "/") {
  std::string compose = scene.compose();
  const auto replace = [&](const std::string& old, const std::string& by) {
    compose.replace(compose.find(old), old.size(), by);
  };
  replace("[production]", hosts);
  replace("http: {port: 8080,", "http: {port: 8080, path: " + path + ",");
  return compose;
}

RolloutOrder staged(const Scene& scene, const std::string& host, const std::string& image) {
  RolloutOrder order;
  order.generation.project = ProjectId(1);
  order.generation.compose.text = aimed(scene, "[" + host + "]");
  order.generation.compose.application = scene.application + "-staging";
  order.generation.images = {{"web", image}};
  order.requested_by = "test";
  return order;
}

std::vector<std::string> only(const std::string& container) {
  return {container};
}

/// As a slipwayd that is started again after its settings were edited.
void take_from_settings(Scene& scene, std::set<std::string> hosts) {
  scene.fleet->not_in_settings = std::move(hosts);
  scene.fleet->restart();
  const auto recovered = scene.fleet->run(scene.fleet->rollouts->recover());
  if (!recovered) FAIL(recovered.error().message);
}

/// "HOST STATE: REASON" of each.
std::vector<std::string> hosts_in_status(Scene& scene) {
  Parts parts = parts_of(*scene.fleet);
  Inventory inventory(parts);
  const auto status = scene.fleet->run(inventory.status(scene.application));
  if (!status) FAIL(status.error().message);
  std::vector<std::string> lines;
  for (const HostOfApplication& host : status->hosts) {
    lines.push_back(host.host + " " + host.state + (host.reason.empty() ? "" : ": " + host.reason));
  }
  return lines;
}

}  // namespace

TEST_CASE("a host that is taken out of the settings is told of, also after a deployment, and emptied when it is back") {
  Scene scene("ro-gone");
  scene.fleet->settle(aimed(scene, "[h1, h3]"), push_web_image(*scene.fleet, "gone-1", "one"));
  const std::string lost = "the daemon's settings do not have it any more, and it may serve generation 1 still";
  take_from_settings(scene, {"h3"});
  CHECK(hosts_in_status(scene) == std::vector<std::string>{"h1 ok", "h3 unknown: " + lost});

  const auto second = scene.fleet->roll_out(aimed(scene, "[h1]"), push_web_image(*scene.fleet, "gone-2", "two"));
  INFO(second.reason);
  CHECK(second.state == "succeeded");
  CHECK(scene.said("host h3, on which the application was: " + lost));
  CHECK(hosts_in_status(scene) == std::vector<std::string>{"h1 ok", "h3 unknown: " + lost});
  take_from_settings(scene, {"h3"});
  CHECK(hosts_in_status(scene) == std::vector<std::string>{"h1 ok", "h3 unknown: " + lost});

  scene.fleet->not_in_settings.clear();
  scene.fleet->restart();
  CHECK(scene.fleet->served("h3", 8080) == "one");
  take_from_settings(scene, {});
  scene.fleet->run_until([&] { return scene.running("h3").empty(); });
  CHECK(scene.fleet->served("h1", 8080) == "two");
  CHECK(hosts_in_status(scene) == std::vector<std::string>{"h1 ok"});
}

TEST_CASE("a host that is back in the settings gets what was rolled back to meanwhile, where that is for it") {
  Scene scene("ro-goneback");
  scene.fleet->settle(aimed(scene, "[h1, h3]"), push_web_image(*scene.fleet, "goneback-1", "one"));
  scene.fleet->settle(aimed(scene, "[h1, h3]"), push_web_image(*scene.fleet, "goneback-2", "two"));
  take_from_settings(scene, {"h3"});
  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
  REQUIRE(back);
  const auto ended = scene.fleet->wait(*back);
  INFO(ended.reason);
  CHECK(ended.state == "succeeded");
  CHECK(scene.said("it may serve generation 2 still"));
  CHECK(scene.fleet->served("h1", 8080) == "one");
  take_from_settings(scene, {});
  scene.fleet->run_until([&] { return scene.fleet->served("h3", 8080) == "one"; });
}

TEST_CASE("a deployment may leave all hosts that the application runs on if the settings have none of them any more") {
  Scene scene("ro-gonealone");
  scene.fleet->settle(aimed(scene, "[h3]"), push_web_image(*scene.fleet, "gonealone-1", "one"));
  take_from_settings(scene, {"h3"});
  const auto moved = scene.fleet->roll_out(aimed(scene, "[h1]"), push_web_image(*scene.fleet, "gonealone-2", "two"));
  INFO(moved.reason);
  CHECK(moved.state == "succeeded");
  CHECK(scene.fleet->served("h1", 8080) == "two");
  take_from_settings(scene, {});
  scene.fleet->run_until([&] { return scene.running("h3").empty(); });
}

TEST_CASE("a host that a deployment is not for any more is left without containers, and is taken back by a rollback") {
  Scene scene("ro-leave");
  scene.fleet->settle(aimed(scene, "[h1, h2]"), push_web_image(*scene.fleet, "leave-1", "one"));
  const auto second = scene.fleet->roll_out(aimed(scene, "[h1]"), push_web_image(*scene.fleet, "leave-2", "two"));
  INFO(second.reason);
  CHECK(second.state == "succeeded");
  CHECK(scene.said("host h2 is none of its targets any more"));
  CHECK(scene.fleet->served("h1", 8080) == "two");
  CHECK(scene.running("h2").empty());

  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
  CHECK(scene.fleet->served("h1", 8080) == "one");
  CHECK(scene.fleet->served("h2", 8080) == "one");
}

TEST_CASE("a deployment that fails leaves nothing on a host that it added, and gives back one that it left") {
  Scene scene("ro-added");
  scene.fleet->settle(aimed(scene, "[h1, h2]"), push_web_image(*scene.fleet, "added-1", "one"));
  const std::string two = push_web_image(*scene.fleet, "added-2", "two");
  const auto failed = scene.fleet->roll_out(aimed(scene, "[h2, h3]", "/missing"), two);
  INFO(failed.reason);
  CHECK(failed.state == "rolled_back");
  CHECK(scene.running("h3").empty());
  CHECK(scene.running("h1") == only("ro-added-web-g1-1"));
  CHECK(scene.running("h2") == only("ro-added-web-g1-1"));

  const auto moved = scene.fleet->roll_out(aimed(scene, "[h2, h3]"), two);
  INFO(moved.reason);
  CHECK(moved.state == "succeeded");
  CHECK(scene.running("h1").empty());
  CHECK(scene.fleet->served("h2", 8080) == "two");
  CHECK(scene.fleet->served("h3", 8080) == "two");
}

TEST_CASE("one application in two places, staging and production, is refused before anything is changed") {
  Scene scene("ro-places");
  const std::string one = push_web_image(*scene.fleet, "places-1", "one");
  scene.fleet->settle(aimed(scene, "[h1]"), one);
  const auto other = scene.fleet->roll_out(aimed(scene, "[h2]"), push_web_image(*scene.fleet, "places-2", "two"));
  CHECK(other.state == "rolled_back");
  CHECK(other.reason ==
        "ro-places runs on h1, and this deployment is for none of them: for another place give it another name there "
        "(the job's deploy.application), to move it there roll it out to both first; nothing was changed");
  CHECK(scene.fleet->served("h1", 8080) == "one");
  CHECK(scene.running("h2").empty());
  CHECK(scene.fleet->run(scene.fleet->store->read(&store::Applications::get, scene.application))->promoted == 1);
}

TEST_CASE("one Compose file in two places under two names is two applications, each with a way back of its own") {
  Scene scene("ro-names");
  const std::string one = push_web_image(*scene.fleet, "names-1", "one");
  const std::string two = push_web_image(*scene.fleet, "names-2", "two");
  scene.fleet->settle(aimed(scene, "[h1]"), one);
  for (const std::string& image : {one, two}) {
    const auto id = scene.fleet->run(scene.fleet->rollouts->start(staged(scene, "h2", image)));
    REQUIRE(id);
    CHECK(scene.fleet->wait(*id).state == "succeeded");
  }
  CHECK(scene.fleet->served("h1", 8080) == "one");
  CHECK(scene.fleet->served("h2", 8080) == "two");

  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application + "-staging", "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
  CHECK(scene.fleet->served("h2", 8080) == "one");
  CHECK(scene.fleet->run(scene.fleet->store->read(&store::Applications::get, scene.application))->promoted == 1);
}

TEST_CASE("a host that is to be left serves until a host that was cut off has the new version as well") {
  Scene scene("ro-stays");
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  scene.fleet->settle(aimed(scene, "[h1, h2, h3]"), push_web_image(*scene.fleet, "stays-1", "one"));
  const std::string two = push_web_image(*scene.fleet, "stays-2", "two");
  CutOff cut(*scene.fleet, "h2");
  const auto second = scene.fleet->roll_out(aimed(scene, "[h1, h2]"), two);
  INFO(second.reason);
  CHECK(second.state == "succeeded");
  CHECK(scene.fleet->served("h1", 8080) == "two");
  CHECK(scene.running("h3") == only("ro-stays-web-g1-1"));
  const auto hosts = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::hosts, second.id));
  REQUIRE(hosts);
  CHECK(std::any_of(hosts->begin(), hosts->end(),
                    [](const store::RolloutHost& host) { return host.host == "h3" && host.state == "stays"; }));

  cut.mend();
  scene.fleet->run_until([&] { return scene.running("h3").empty(); });
  CHECK(scene.fleet->served("h2", 8080) == "two");
}

TEST_CASE("what a rollback goes back to stays, stopped, on a host that is left") {
  Scene scene("ro-kept");
  scene.fleet->settle(aimed(scene, "[h1, h2]"), push_web_image(*scene.fleet, "kept-1", "one"));
  const auto on_h2 = [&] {
    std::vector<std::string> ids;
    for (const Shown& one : scene.fleet->shown("h2", scene.application)) ids.push_back(one.id);
    return ids;
  };
  const std::vector<std::string> before = on_h2();
  REQUIRE(before.size() == 1);
  REQUIRE(scene.fleet->roll_out(aimed(scene, "[h1]"), push_web_image(*scene.fleet, "kept-2", "two")).state ==
          "succeeded");
  CHECK(scene.running("h2").empty());
  CHECK(on_h2() == before);
  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
  CHECK(scene.fleet->served("h2", 8080) == "one");
  CHECK(on_h2() == before);
}
