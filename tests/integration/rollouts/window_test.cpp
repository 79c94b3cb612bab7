// Deployments that wait for their window, on the rig's three hosts.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/audit.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// "HH:MM" in UTC, some time from now.
std::string clock_in(Scene& scene, Milliseconds later) {
  return format_time(scene.fleet->clock.now() + later).substr(11, 5);
}

/// Some seconds before a minute begins.
void approach_a_minute(Scene& scene) {
  constexpr std::chrono::seconds before{6};
  const auto past = scene.fleet->clock.now().time_since_epoch() % std::chrono::minutes(1);
  scene.fleet->clock.step += std::chrono::minutes(2) - before - past;
}

/// Open for an hour, twelve hours from now.
std::string closed_now(Scene& scene) {
  return scene.compose("  window: {zone: Etc/UTC, from: \"" + clock_in(scene, std::chrono::hours(12)) + "\", to: \"" +
                       clock_in(scene, std::chrono::hours(13)) + "\"}\n");
}

std::string open_now(Scene& scene) {
  return scene.compose("  window: {zone: Etc/UTC, from: \"" + clock_in(scene, -std::chrono::hours(2)) + "\", to: \"" +
                       clock_in(scene, std::chrono::hours(2)) + "\"}\n");
}

store::Rollout get(Scene& scene, RolloutId id) {
  return scene.fleet->run(scene.fleet->store->read(&store::Rollouts::get, id)).value();
}

}  // namespace

TEST_CASE(
    "a deployment outside of its window waits, also across a restart, until somebody lets it begin all the same") {
  Scene scene("ro-window");
  REQUIRE(scene.fleet->roll_out(open_now(scene), push_web_image(*scene.fleet, "window-1", "one")).state == "succeeded");
  const auto id = scene.fleet->begin(closed_now(scene), push_web_image(*scene.fleet, "window-2", "two"));
  REQUIRE(id);
  CHECK(get(scene, *id).state == "waiting");
  CHECK_THAT(get(scene, *id).reason, Catch::StartsWith("waits for the window: opens "));
  scene.fleet->restart();
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  const auto plain = scene.fleet->run(scene.fleet->rollouts->ask_current(scene.application, Verb::promote, "ann"));
  REQUIRE_FALSE(plain);
  CHECK(plain.error().hint == "slipway app promote --outside-window ro-window");
  CHECK(scene.served() == thrice("one"));

  const auto asked = scene.fleet->run(scene.fleet->rollouts->begin_outside_window(scene.application, "ann"));
  REQUIRE(asked);
  CHECK(*asked == *id);
  CHECK(scene.fleet->wait(*id).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
  const auto trail = scene.fleet->run(scene.fleet->store->read(&store::Audit::list, 0, 10));
  REQUIRE(trail);
  REQUIRE(trail->items.size() == 1);
  CHECK(trail->items[0].what == "app.outside_window");
  CHECK(trail->items[0].who == "ann");
}

TEST_CASE("a deployment begins when its window opens, and a rollback at any time") {
  Scene scene("ro-opens");
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "window-1", "one"));
  const std::string two = push_web_image(*scene.fleet, "window-2", "two");
  approach_a_minute(scene);
  const std::string compose =
      scene.compose("  window: {zone: Etc/UTC, from: \"" + clock_in(scene, std::chrono::minutes(1)) + "\", to: \"" +
                    clock_in(scene, std::chrono::hours(2)) + "\"}\n");
  const auto id = scene.fleet->begin(compose, two);
  REQUIRE(id);
  CHECK(get(scene, *id).state == "waiting");
  CHECK(scene.fleet->wait(*id).state == "succeeded");
  CHECK(scene.said("the window is open"));
  CHECK(scene.served() == thrice("two"));

  const auto closed = scene.fleet->begin(closed_now(scene), push_web_image(*scene.fleet, "window-3", "three"));
  REQUIRE(closed);
  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
  CHECK(scene.served() == thrice("one"));
  CHECK(scene.fleet->wait(*closed).state == "superseded");
}
