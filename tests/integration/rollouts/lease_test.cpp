// Two daemons with the same application: on the rig's three hosts.
#include <catch2/catch.hpp>

#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/host_lease.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// What a backup of the daemon's data would be, put back beside it.
void copy_data(Scene& scene, const std::string& folder) {
  std::filesystem::remove_all(folder);
  scene.fleet.reset();
  std::filesystem::copy(scene.folder, folder, std::filesystem::copy_options::recursive);
  scene.fleet = std::make_unique<Fleet>(scene.folder);
}

HostLease lease(std::int64_t fence, std::string holder) {
  return {"ro-mark", fence, std::move(holder)};
}

}  // namespace

TEST_CASE("of two leases on a host the newer one holds it, and of two with the same number the first") {
  Scene scene("ro-mark");
  docker::Engine* engine = *scene.fleet->hosts->engine("h1");
  const auto hold = [&](HostLease what) { return scene.fleet->run(hold_host(engine, std::move(what))); };
  const auto newest = [&] { return scene.fleet->run(newest_fence(engine, "ro-mark")).value(); };
  CHECK(newest() == 0);
  REQUIRE(hold(lease(4, "a")));
  REQUIRE(hold(lease(4, "a")));
  CHECK_FALSE(hold(lease(4, "b")));
  REQUIRE(hold(lease(5, "b")));
  CHECK(newest() == 5);
  const auto older = hold(lease(4, "a"));
  REQUIRE_FALSE(older);
  CHECK(older.error().kind == Error::Kind::conflict);
  CHECK(older.error().message ==
        "application ro-mark is in the hands of another slipwayd: its lease is 5, this one's 4");
}

TEST_CASE("a second daemon with the same application gets a newer lease, and the first one stops and says why") {
  Scene scene("ro-lease");
  std::string compose = scene.compose("  min_healthy: 0\n");
  compose.insert(compose.find("    stop_grace_period"), "    deploy: {update_config: {delay: 4s}}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "lease-1", "one"));
  const std::string copy = scene.folder + "-copy";
  copy_data(scene, copy);
  const auto first = scene.fleet->begin(compose, push_web_image(*scene.fleet, "lease-2", "two"));
  REQUIRE(first);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*first) == "baking"; });
  CHECK(scene.served() == std::vector<std::string>{"two", "one", "one"});
  {
    Fleet second(copy);
    const auto again = second.run(second.rollouts->redeploy(scene.application, false, "ann"));
    REQUIRE(again);
    CHECK(second.wait(*again).state == "succeeded");
  }
  const auto ended = scene.fleet->wait(*first);
  CHECK(ended.state == "failed");
  CHECK_THAT(ended.reason, Catch::Contains("application ro-lease is in the hands of another slipwayd: its lease is "));
  CHECK_THAT(ended.reason, Catch::EndsWith("hosts are left to it as they are"));
  CHECK(scene.served() == thrice("one"));
  std::filesystem::remove_all(copy);
}

TEST_CASE("a daemon whose application another one has taken over takes it back for people only, not by itself") {
  Scene scene("ro-taken");
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "taken-1", "one"));
  const std::string two = push_web_image(*scene.fleet, "taken-2", "two");
  const std::string copy = scene.folder + "-copy";
  copy_data(scene, copy);
  {
    Fleet second(copy);
    CHECK(second.roll_out(scene.compose(), two).state == "succeeded");
  }
  store::Rollout unasked;
  unasked.application = scene.application;
  unasked.generation = 1;
  unasked.kind = GENERATE("heal", "catch_up");
  unasked.plan = plan_for({"h1", "h2", "h3"});
  unasked.created = scene.fleet->clock.now();
  const auto id = scene.fleet->run(scene.fleet->store->write(&store::Rollouts::add, unasked));
  REQUIRE(id);
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  const auto ended = scene.fleet->wait(*id);
  CHECK(ended.state == "failed");
  CHECK_THAT(ended.reason, Catch::Contains("application ro-taken is in the hands of another slipwayd: its lease is "));
  CHECK_THAT(ended.reason, Catch::EndsWith("hosts are left to it as they are"));
  CHECK(scene.served() == thrice("two"));
  const auto status = scene.fleet->run(scene.fleet->rollouts->look_for_drift(scene.application));
  REQUIRE(status);
  REQUIRE(status->hosts.size() == 3);
  CHECK_THAT(status->hosts[0].reason, Catch::Contains("it is of generation 2, and this slipwayd knows none above 1"));

  const auto back = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, false, "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
  CHECK(scene.served() == thrice("one"));
  std::filesystem::remove_all(copy);
}

TEST_CASE("a daemon that is started again after another one took its rollout up leaves it to that") {
  Scene scene("ro-heir");
  std::string compose = scene.compose("  min_healthy: 0\n");
  compose.insert(compose.find("    stop_grace_period"), "    deploy: {update_config: {delay: 4s}}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "heir-1", "one"));
  const auto first = scene.fleet->begin(compose, push_web_image(*scene.fleet, "heir-2", "two"));
  REQUIRE(first);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*first) == "baking"; });
  const std::string copy = scene.folder + "-copy";
  copy_data(scene, copy);
  {
    Fleet second(copy);
    REQUIRE(second.run(second.rollouts->recover()));
    CHECK(second.wait(*first).state == "succeeded");
  }
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  const auto ended = scene.fleet->wait(*first);
  CHECK(ended.state == "failed");
  CHECK_THAT(ended.reason, Catch::Contains("application ro-heir is in the hands of another slipwayd"));
  CHECK(scene.served() == thrice("two"));
  std::filesystem::remove_all(copy);
}
