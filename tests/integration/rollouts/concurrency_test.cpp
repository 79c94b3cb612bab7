// What becomes of a rollout that is asked for while another one of its application waits or works.
#include <catch2/catch.hpp>

#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

std::string compose_with(const Scene& scene, const std::string& concurrency) {
  std::string compose = scene.compose("  min_healthy: 0\n  concurrency: " + concurrency + "\n");
  compose.insert(compose.find("    stop_grace_period"), "    deploy: {update_config: {delay: 1s}}\n");
  return compose;
}

}  // namespace

TEST_CASE("a rollout supersedes the one that waits, which ends at once, and follows the one in work") {
  Scene scene("ro-supersede");
  const std::string compose = compose_with(scene, "supersede");
  const std::string image = push_web_image(*scene.fleet, "supersede-1", "one");
  const auto works = scene.fleet->begin(compose, image);
  REQUIRE(works);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*works) == "baking"; });
  const auto waits = scene.fleet->begin(compose, push_web_image(*scene.fleet, "supersede-2", "two"));
  REQUIRE(waits);
  const auto newest = scene.fleet->begin(compose, push_web_image(*scene.fleet, "supersede-3", "three"));
  REQUIRE(newest);
  const auto ended = scene.fleet->wait(*waits);
  CHECK(ended.state == "superseded");
  CHECK(ended.reason == "by rollout " + to_string(*newest) + "; nothing was changed");
  CHECK_FALSE(scene.fleet->run(scene.fleet->store->read(&store::Rollouts::get, *works))->ended);
  CHECK(scene.fleet->wait(*works).state == "succeeded");
  CHECK(scene.fleet->wait(*newest).state == "succeeded");
  CHECK(scene.served() == thrice("three"));
}

TEST_CASE("a rollout is refused while another one works, which a rollback still turns round") {
  Scene scene("ro-refuse");
  const std::string compose = compose_with(scene, "refuse");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "refuse-1", "one"));
  const auto works = scene.fleet->begin(compose, push_web_image(*scene.fleet, "refuse-2", "two"));
  REQUIRE(works);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*works) == "baking"; });
  const auto refused = scene.fleet->begin(compose, push_web_image(*scene.fleet, "refuse-3", "three"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::conflict);
  CHECK_THAT(refused.error().message,
             Catch::StartsWith("rollout " + to_string(*works) + " of ro-refuse is in the way"));
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann")));
  CHECK(scene.fleet->wait(*works).state == "rolled_back");
  CHECK(scene.served() == thrice("one"));
}
