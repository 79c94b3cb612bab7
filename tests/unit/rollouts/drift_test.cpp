#include "orchestrator/rollouts/drift.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/heal_pause.hpp"
#include "tests/unit/rollouts/shown.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

constexpr Time midday{Milliseconds(1'790'000'000'000)};

Wanted wanted_web(std::int64_t generation = 2) {
  return {"shop-web-g" + std::to_string(generation) + "-1", "web", 1, generation, "hash", "r/web@sha256:1"};
}

std::vector<Drift> drift(const std::vector<Shown>& there, const std::vector<Actual>& actual = {}) {
  return drift_of(difference({wanted_web()}, there), actual);
}

std::string only(const std::vector<Drift>& drift) {
  REQUIRE(drift.size() == 1);
  CHECK(drift[0].container == "shop-web-g2-1");
  return std::string(name_of(drift[0].kind)) + ": " + drift[0].what;
}

store::Rollout healing(Milliseconds ago, const char* kind = "heal") {
  store::Rollout rollout;
  rollout.kind = kind;
  rollout.created = midday - ago;
  rollout.finished = midday - ago;
  return rollout;
}

constexpr Milliseconds minute{60'000};

}  // namespace

TEST_CASE("a host that runs what it should, with old containers kept asleep, has not drifted") {
  CHECK(drift({shown(wanted_web()), shown(wanted_web(1), false)}).empty());
}

TEST_CASE("what somebody did to a container is told by its kind, under the name it should have") {
  Shown paused = shown(wanted_web());
  paused.status = "paused";
  Shown renamed = shown(wanted_web());
  renamed.name = "mine";
  CHECK(only(drift({})) == "missing: container shop-web-g2-1 is missing");
  CHECK(only(drift({shown(wanted_web(), false)})) == "stopped: container shop-web-g2-1 does not run");
  CHECK(only(drift({paused})) == "paused: container shop-web-g2-1 is paused");
  CHECK(only(drift({renamed})) == "renamed: container shop-web-g2-1 was renamed to mine");
  Shown other = shown(wanted_web());
  other.spec_hash = "else";
  CHECK(only(drift({other})) == "foreign: container shop-web-g2-1 has another specification");
}

TEST_CASE("an old container that runs beside the new one is surplus") {
  const auto found = drift({shown(wanted_web()), shown(wanted_web(1))});
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == Drift::Kind::surplus);
  CHECK(found[0].what == "container shop-web-g1-1 runs and should not");
}

TEST_CASE("a surplus container of a generation that slipwayd does not know yet says so") {
  const std::vector<Shown> there{shown(wanted_web()), shown(wanted_web(1)), shown(wanted_web(7))};
  auto found = drift(there);
  REQUIRE(found.size() == 2);
  tell_unknown(found, there, 5);
  CHECK(found[0].what == "container shop-web-g1-1 runs and should not");
  CHECK(found[1].what ==
        "container shop-web-g7-1 runs and should not; it is of generation 7, and this slipwayd knows none above 5: "
        "perhaps it was restored from an older backup");
}

TEST_CASE("another image behind the right labels, and changed options, are drift of a running container") {
  Actual actual;
  actual.container = "shop-web-g2-1";
  actual.digest = "sha256:2";
  actual.foreign = true;
  CHECK(only(drift({shown(wanted_web())}, {actual})) ==
        "foreign: container shop-web-g2-1 runs another image, sha256:2");
  actual.foreign = false;
  actual.changes = {"memory limit is none, not 1000", "is in network other, too"};
  CHECK(only(drift({shown(wanted_web())}, {actual})) ==
        "changed: container shop-web-g2-1 was changed: memory limit is none, not 1000, is in network other, too");
}

TEST_CASE("limits, restart policy and networks are compared with what the container was made with") {
  docker::ContainerSpec asked("r/web@sha256:1");
  asked.limits.memory_bytes = 1000;
  asked.restart.kind = docker::RestartPolicy::Kind::on_failure;
  asked.restart.maximum_retries = 3;
  docker::NetworkAttachment network;
  network.network = "shop_default";
  asked.networks = {network};
  docker::Container there;
  there.config.limits.memory_bytes = 1000;
  there.config.limits.pids = -1;
  there.config.restart = asked.restart;
  there.networks["shop_default"];
  CHECK(changes_of(there, asked).empty());

  there.config.limits.memory_bytes = 2000;
  there.config.restart.maximum_retries = 0;
  there.networks.clear();
  there.networks["other"];
  CHECK(changes_of(there, asked) ==
        std::vector<std::string>{"restart policy is on-failure, not on-failure:3", "memory limit is 2000, not 1000",
                                 "is not in network shop_default", "is in network other, too"});
}

TEST_CASE("a summary names three containers and counts the rest") {
  std::vector<Drift> many(5, Drift{Drift::Kind::missing, "web", "a", "container a is missing"});
  CHECK(summary_of(many) == "container a is missing; container a is missing; container a is missing; and 2 more");
  CHECK(summary_of({}).empty());
}

TEST_CASE("the first healing waits for nothing, and each that follows only upon a healing twice as long") {
  CHECK(may_heal_from({}, minute, midday) == midday);
  CHECK(may_heal_from({healing(minute, "deploy"), healing(2 * minute)}, minute, midday) == midday);
  CHECK(may_heal_from({healing(minute)}, minute, midday) == midday + minute);
  CHECK(may_heal_from({healing(minute), healing(2 * minute)}, minute, midday) == midday + 3 * minute);
  CHECK(may_heal_from({healing(minute), healing(0 * minute, "catch_up"), healing(2 * minute)}, minute, midday) ==
        midday + 3 * minute);
  const std::vector<store::Rollout> many(20, healing(minute));
  CHECK(may_heal_from(many, minute, midday) == midday + 59 * minute);
}

TEST_CASE("healings of six hours ago are forgotten, and an interval above an hour is kept") {
  CHECK(may_heal_from({healing(7 * 60 * minute)}, minute, midday) == midday);
  CHECK(may_heal_from({healing(minute), healing(2 * minute)}, 120 * minute, midday) == midday + 119 * minute);
}
