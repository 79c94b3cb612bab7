// Deployments whose targets are others than those of the generation before, on the rig's three hosts.
#include <catch2/catch.hpp>

#include "orchestrator/store/applications.hpp"
#include "tests/integration/rollouts/fleet/cut_off.hpp"
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

}  // namespace

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
