// Deployments that wait for people before anything is done for them, on the rig's three hosts.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/store/audit.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

store::Rollout rollout_of(Scene& scene, RolloutId id) {
  return scene.fleet->run(scene.fleet->store->read(&store::Rollouts::get, id)).value();
}

Word word(std::string by, std::vector<std::string> roles) {
  Word made;
  made.by = std::move(by);
  made.roles = std::move(roles);
  return made;
}

Result<RolloutId> say(Scene& scene, Word what, std::optional<std::int64_t> generation = std::nullopt) {
  return scene.fleet->run(scene.fleet->rollouts->take_word(scene.application, generation, std::move(what)));
}

/// "one" on all hosts, without an approval.
void begin_with_one(Scene& scene) {
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "approve-1", "one"));
}

}  // namespace

TEST_CASE(
    "a deployment waits for its approval, also across a restart of the daemon, and then brings what was approved") {
  Scene scene("ro-approve");
  begin_with_one(scene);
  const std::string image = push_web_image(*scene.fleet, "approve-2", "two");
  const auto id = scene.fleet->begin(scene.compose("  approval: {roles: [release], timeout: 5m}\n"), image);
  REQUIRE(id);
  CHECK(rollout_of(scene, *id).state == "waiting");
  CHECK_THAT(rollout_of(scene, *id).reason, Catch::StartsWith("waits for approval by release until "));
  const auto early = scene.fleet->run(scene.fleet->rollouts->ask(*id, Verb::promote, "ann"));
  REQUIRE_FALSE(early);
  CHECK_THAT(early.error().message, Catch::Contains("has not begun: it waits for approval by release"));

  scene.fleet->restart();
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  CHECK(scene.served() == thrice("one"));
  const auto not_allowed = say(scene, word("eve", {"viewer"}));
  REQUIRE_FALSE(not_allowed);
  CHECK(not_allowed.error().kind == Error::Kind::forbidden);
  const auto another = say(scene, word("bob", {"viewer", "release"}), 7);
  REQUIRE_FALSE(another);
  CHECK(another.error().message == "generation 7 of ro-approve does not wait for an approval");
  const auto approved = say(scene, word("bob", {"viewer", "release"}), 2);
  REQUIRE(approved);
  CHECK(*approved == *id);
  CHECK(scene.fleet->wait(*id).state == "succeeded");
  CHECK(scene.served() == thrice("two"));

  const auto trail = scene.fleet->run(scene.fleet->store->read(&store::Audit::list, 0, 10));
  REQUIRE(trail);
  REQUIRE(trail->items.size() == 1);
  CHECK(trail->items[0].what == "app.approve");
  CHECK(trail->items[0].who == "bob");
  CHECK(text_at(value_at(parse_json(trail->items[0].data).value(), "images"), "web") == image);
}

TEST_CASE("a deployment that is rejected, or that nobody approves in time, ends, and nothing was changed") {
  Scene scene("ro-reject");
  begin_with_one(scene);
  const std::string image = push_web_image(*scene.fleet, "approve-2", "two");
  const auto rejected = scene.fleet->begin(scene.compose("  approval: {roles: [maintainer]}\n"), image);
  REQUIRE(rejected);
  Word no = word("bob", {"viewer", "maintainer"});
  no.reject = true;
  no.reason = "not on a Friday";
  REQUIRE(say(scene, no));
  const auto first = scene.fleet->wait(*rejected);
  CHECK(first.state == "rejected");
  CHECK(first.reason == "by bob: not on a Friday; nothing was changed");

  const auto late = scene.fleet->begin(scene.compose("  approval: {roles: [maintainer], timeout: 1s}\n"), image);
  REQUIRE(late);
  const auto second = scene.fleet->wait(*late);
  CHECK(second.state == "rejected");
  CHECK(second.reason == "nobody with the role maintainer approved it within 1s; nothing was changed");
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("a rollback passes a deployment that waits for approval, and ends it") {
  Scene scene("ro-pass");
  begin_with_one(scene);
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "approve-2", "two"));
  const auto waits = scene.fleet->begin(scene.compose("  approval: {roles: [maintainer]}\n"),
                                        push_web_image(*scene.fleet, "approve-3", "three"));
  REQUIRE(waits);
  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
  CHECK(scene.served() == thrice("one"));
  const auto ended = scene.fleet->wait(*waits);
  CHECK(ended.state == "superseded");
  CHECK(ended.reason == "by the rollback, rollout " + to_string(*back) + "; nothing was changed");
}
