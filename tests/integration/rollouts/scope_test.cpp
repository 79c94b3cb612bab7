// Which hosts go back when a rollout fails by itself, on the rig's three hosts.
#include <catch2/catch.hpp>

#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/store/applications.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// Puts the file into the host's volume that a picky version can't stand.
void spoil(Scene& scene, const std::string& host) {
  docker::Containers& containers = (*scene.fleet->hosts->engine(host))->containers();
  docker::ContainerSpec spec(scene.fleet->shown(host, scene.application)[0].image);
  spec.name = scene.application + "-marker";
  spec.labels = {{std::string(label::application), scene.application}};
  spec.command = {{"touch", "/marker/bad"}};
  docker::Mount mount;
  mount.source = scene.application + "_marker";
  mount.target = "/marker";
  spec.mounts = {mount};
  const std::string name = spec.name;
  REQUIRE(scene.fleet->run(containers.create(spec)));
  REQUIRE(scene.fleet->run(containers.start(name)));
  REQUIRE(scene.fleet->run(containers.wait(name)));
}

}  // namespace

TEST_CASE(
    "a rollback scope of failed brings only the failed host back, promotes nothing, and redeploy brings the rest") {
  Scene scene("ro-scope");
  std::string compose = scene.compose("  rollback: {scope: failed}\n  drift: {action: heal, interval: 5s}\n");
  compose.insert(compose.find("x-slipway"), "    volumes: [\"marker:/marker:ro\"]\nvolumes: {marker: {}}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "scope-1", "old"));
  spoil(scene, "h2");
  const auto failed = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "scope-2", "new", true));
  CHECK(failed.state == "failed");
  CHECK_THAT(failed.reason, Catch::EndsWith("; hosts stay as they are: rollback.scope is failed"));
  CHECK(scene.served() == std::vector<std::string>{"new", "old", "old"});
  CHECK(scene.fleet->run(scene.fleet->store->read(&store::Applications::get, scene.application))->promoted == 1);

  const auto redeployed = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, false, "ann"));
  REQUIRE(redeployed);
  CHECK(scene.fleet->wait(*redeployed).state == "succeeded");
  CHECK(scene.served() == thrice("old"));
}
