// What people may ask of a rollout, on the rig's three hosts.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/audit.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// "who what" of the newest lines of the audit trail, oldest first.
std::vector<std::string> audit(Fleet& fleet) {
  const auto page = fleet.run(fleet.store->read(&store::Audit::list, 0, 50));
  REQUIRE(page);
  std::vector<std::string> lines;
  for (auto entry = page->items.rbegin(); entry != page->items.rend(); ++entry) {
    lines.push_back(entry->who + " " + entry->what);
  }
  return lines;
}

Result<RolloutId> ask(Scene& scene, Verb verb) {
  return scene.fleet->run(scene.fleet->rollouts->ask_current(scene.application, verb, "ann"));
}

/// One on all hosts, and the rollout of two, a second between its batches, when h1 has it.
RolloutId half_way(Scene& scene) {
  std::string compose = scene.compose("  min_healthy: 0\n");
  compose.insert(compose.find("    stop_grace_period"), "    deploy: {update_config: {delay: 1s}}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "verbs-1", "one"));
  const auto id = scene.fleet->begin(compose, push_web_image(*scene.fleet, "verbs-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*id) == "baking"; });
  return *id;
}

}  // namespace

TEST_CASE("a rollout is paused, resumed after a restart of the daemon, and ends; the audit trail says by whom") {
  Scene scene("ro-pause");
  const RolloutId id = half_way(scene);
  const auto paused = ask(scene, Verb::pause);
  REQUIRE(paused);
  CHECK(*paused == id);
  // It was committed when the answer came.
  CHECK(scene.fleet->state_of(id) == "paused");
  CHECK(scene.served() == std::vector<std::string>{"two", "one", "one"});
  const auto twice = ask(scene, Verb::pause);
  REQUIRE_FALSE(twice);
  CHECK(twice.error().message == "rollout " + to_string(id) + ": it is paused already");

  scene.fleet->restart();
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  scene.fleet->run_until([&] { return ask(scene, Verb::resume).has_value(); });
  CHECK(scene.fleet->wait(id).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
  CHECK(audit(*scene.fleet) == std::vector<std::string>{"ann app.pause", "ann app.resume"});
}

TEST_CASE("stop without rollback leaves the hosts as they are and promotes nothing") {
  Scene scene("ro-stop");
  const RolloutId id = half_way(scene);
  REQUIRE(ask(scene, Verb::stop));
  const auto ended = scene.fleet->wait(id);
  CHECK(ended.state == "stopped");
  CHECK(ended.reason == "stopped by ann");
  CHECK(scene.served() == std::vector<std::string>{"two", "one", "one"});
  CHECK(scene.fleet->run(scene.fleet->store->read(&store::Applications::get, scene.application))->promoted == 1);
  const auto nothing = ask(scene, Verb::stop);
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().message == "no rollout of ro-stop is in work");

  SECTION("redeploy brings the promoted generation back to all hosts") {
    const auto again = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, false, "ann"));
    REQUIRE(again);
    CHECK(scene.fleet->wait(*again).state == "succeeded");
    CHECK(scene.served() == thrice("one"));
  }
}

TEST_CASE(
    "a rollout that has its lease and can't be worked on now is stopped by hand, and the next one is not held up") {
  Scene scene("ro-stuck");
  scene.fleet->secrets.values["WORD"] = "sesame";
  scene.fleet->secrets.answers = 1;  // the generation is made, and then nothing can be planned
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    secrets: [word]\n");
  compose.insert(0, "secrets: {word: {environment: WORD}}\n");
  const std::string image = push_web_image(*scene.fleet, "stuck", "one");
  const auto id = scene.fleet->begin(compose, image);
  REQUIRE(id);
  scene.fleet->run_until([&] { return *scene.fleet->secrets.answers < -1; });
  CHECK(scene.fleet->state_of(*id) == "queued");

  const Verb verb = GENERATE(Verb::stop, Verb::roll_back);
  const auto stopped = ask(scene, verb);
  INFO((stopped ? "" : stopped.error().message));
  REQUIRE(stopped);
  const auto ended = scene.fleet->wait(*id);
  CHECK(ended.state == "stopped");
  CHECK(ended.ended);
  CHECK(ended.reason == "stopped by ann before anything was changed");
  CHECK(audit(*scene.fleet) == std::vector<std::string>{"ann app.stop"});
  CHECK(scene.running("h1").empty());

  scene.fleet->secrets.answers.reset();
  scene.fleet->settle(compose, image);
}

TEST_CASE("a redeployment that is stopped while it can't be planned does not say that it changed nothing") {
  Scene scene("ro-stuckagain");
  scene.fleet->secrets.values["WORD"] = "sesame";
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    secrets: [word]\n");
  compose.insert(0, "secrets: {word: {environment: WORD}}\n");
  REQUIRE(scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "stuckagain", "one")).state == "succeeded");
  scene.fleet->secrets.answers = 1;
  const auto id = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, true, "ann"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return *scene.fleet->secrets.answers < -1; });
  const auto stopped = ask(scene, Verb::stop);
  INFO((stopped ? "" : stopped.error().message));
  REQUIRE(stopped);
  CHECK(scene.fleet->wait(*id).reason == "stopped by ann before it began with its hosts");
  scene.fleet->secrets.answers.reset();
}

TEST_CASE("promote --all goes to the end without waiting between batches") {
  Scene scene("ro-promote");
  const RolloutId id = half_way(scene);
  REQUIRE(ask(scene, Verb::promote_all));
  CHECK(scene.fleet->wait(id).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
}

TEST_CASE("redeploy keeps what is as it should be, replaces all with --recreate, and takes changed secrets along") {
  Scene scene("ro-redeploy");
  scene.fleet->secrets.values["WORD"] = "sesame";
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    secrets: [word]\n");
  compose += "secrets: {word: {environment: WORD}}\n";
  const auto nothing = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, false, "ann"));
  REQUIRE_FALSE(nothing);
  CHECK(nothing.error().kind == Error::Kind::not_found);
  REQUIRE(scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "redeploy", "one")).state == "succeeded");

  const auto redeploy = [&](bool recreate) {
    const auto id = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, recreate, "ann"));
    REQUIRE(id);
    return scene.fleet->wait(*id);
  };
  CHECK(redeploy(false).generation == 1);
  CHECK(scene.running("h2") == std::vector<std::string>{"ro-redeploy-web-g1-1"});
  CHECK(redeploy(true).generation == 2);
  CHECK(scene.running("h2") == std::vector<std::string>{"ro-redeploy-web-g2-1"});
  scene.fleet->secrets.values["WORD"] = "open";
  CHECK(redeploy(false).generation == 3);
  CHECK(scene.running("h2") == std::vector<std::string>{"ro-redeploy-web-g3-1"});
}
