#include "orchestrator/rollouts/hold.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace slipway;
using namespace slipway::rollouts;
using namespace std::chrono_literals;

namespace {

constexpr Time kNoon{Milliseconds(1'790'000'000'000)};  // 2026-09-21 14:13:20 UTC

Hold hold(std::size_t count = 1, bool by_another = false) {
  Hold made;
  made.approval = ApprovalPolicy{{"maintainer", "release"}, count, 2h, by_another};
  made.asked_by = "ann";
  made.until = kNoon + 2h;
  made.until_shown = kNoon + 2h;
  return made;
}

Word word(std::string by, std::vector<std::string> roles = {"viewer", "maintainer"}) {
  Word made;
  made.by = std::move(by);
  made.roles = std::move(roles);
  return made;
}

}  // namespace

TEST_CASE("a deployment waits until somebody with one of the roles approves it") {
  Hold one = hold();
  CHECK(one.waits_for(kNoon) == "approval by maintainer or release until 2026-09-21 16:13 UTC");
  const auto refused = one.approve(word("eve", {"viewer"}), kNoon);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::forbidden);
  CHECK(refused.error().message == "this needs the role maintainer or release, the token 'eve' has viewer");
  CHECK_FALSE(one.passed(kNoon));
  REQUIRE(one.approve(word("bob", {"viewer", "release"}), kNoon));
  CHECK(one.passed(kNoon));
  CHECK(one.waits_for(kNoon).empty());
  CHECK(one.approvals[0].role == "release");
}

TEST_CASE("several approvals are those of several people") {
  Hold two = hold(2);
  CHECK_THAT(two.waits_for(kNoon), Catch::EndsWith("UTC; 2 are needed"));
  REQUIRE(two.approve(word("bob"), kNoon));
  CHECK_FALSE(two.passed(kNoon));
  CHECK_THAT(two.waits_for(kNoon), Catch::EndsWith("UTC; 1 of 2 given, by bob"));
  CHECK_FALSE(two.approve(word("bob"), kNoon));
  REQUIRE(two.approve(word("cas"), kNoon));
  CHECK(two.passed(kNoon));
  CHECK_FALSE(two.approve(word("dan"), kNoon));
}

TEST_CASE("who asked for it is not the only one to approve it where that is declared") {
  Hold another = hold(1, true);
  CHECK_THAT(another.waits_for(kNoon), Catch::Contains("not by ann alone"));
  REQUIRE(another.approve(word("ann"), kNoon));
  CHECK_FALSE(another.passed(kNoon));
  REQUIRE(another.approve(word("bob"), kNoon));
  CHECK(another.passed(kNoon));

  Hold own = hold();
  REQUIRE(own.approve(word("ann"), kNoon));
  CHECK(own.passed(kNoon));
}

TEST_CASE("a deployment that nobody approves in time says who could have") {
  CHECK(hold().too_late() == "nobody with the role maintainer or release approved it within 2h; nothing was changed");
  Hold two = hold(2);
  REQUIRE(two.approve(word("bob"), kNoon));
  CHECK_THAT(two.too_late(), Catch::StartsWith("it was approved by bob only, which is not enough, within 2h"));
}

TEST_CASE("what a deployment waits for is stored with it, and read again") {
  store::Rollout rollout;
  Policy policy;
  hold_back(rollout, policy, "ann", kNoon, kNoon);
  CHECK(rollout.state == "queued");
  CHECK_FALSE(hold_of(rollout));

  policy.approval = ApprovalPolicy{{"maintainer"}, 2, 1h, true};
  hold_back(rollout, policy, "ann", kNoon, kNoon + 5h);
  CHECK(rollout.state == "waiting");
  CHECK_THAT(rollout.reason, Catch::StartsWith("waits for approval by maintainer"));
  auto read = hold_of(rollout);
  REQUIRE(read);
  CHECK(read->approval == policy.approval);
  CHECK(read->until == kNoon + 6h);
  CHECK(read->until_shown == kNoon + 1h);
  REQUIRE(read->approve(word("bob"), kNoon));
  const Hold again = hold_from(hold_json(*read));
  CHECK(again.approvals.size() == 1);
  CHECK(again.waits_for(kNoon) == read->waits_for(kNoon));

  rollout.fence = 1;
  CHECK_FALSE(hold_of(rollout));
}

TEST_CASE("a deployment waits for its window once it is approved, unless somebody lets it begin outside of it") {
  Hold both = hold();
  Window window;
  window.zone = "Etc/UTC";
  window.from = 9h;
  window.to = 12h;
  both.windows = {window};
  CHECK_THAT(both.waits_for(kNoon), Catch::StartsWith("approval by"));
  REQUIRE(both.approve(word("bob"), kNoon));
  CHECK(both.waits_for(kNoon) == "the window: opens Tue 22 Sep 09:00 UTC");
  CHECK_FALSE(both.passed(kNoon));
  CHECK(both.passed(kNoon + 19h));
  Hold read = hold_from(hold_json(both));
  CHECK(read.windows == both.windows);
  CHECK_FALSE(read.passed(kNoon));
  read.overridden_by = "ann";
  CHECK(read.passed(kNoon));
  CHECK(hold_from(hold_json(read)).overridden_by == "ann");
}

TEST_CASE("a deployment that is asked for in its window keeps it, for its turn may come later") {
  store::Rollout rollout;
  Policy policy;
  Window window;
  window.zone = "Etc/UTC";
  window.from = 9h;
  window.to = 15h;
  policy.windows = {window};
  hold_back(rollout, policy, "ann", kNoon, kNoon);
  CHECK(rollout.state == "queued");
  const auto kept = hold_of(rollout);
  REQUIRE(kept);
  CHECK(kept->passed(kNoon));
  CHECK_FALSE(kept->passed(kNoon + 1h));
}
