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
  CHECK(one.waits_for() == "approval by maintainer or release until 2026-09-21 16:13 UTC");
  const auto refused = one.approve(word("eve", {"viewer"}), kNoon);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::forbidden);
  CHECK(refused.error().message == "this needs the role maintainer or release, the token 'eve' has viewer");
  CHECK_FALSE(one.passed());
  REQUIRE(one.approve(word("bob", {"viewer", "release"}), kNoon));
  CHECK(one.passed());
  CHECK(one.waits_for().empty());
  CHECK(one.approvals[0].role == "release");
}

TEST_CASE("several approvals are those of several people") {
  Hold two = hold(2);
  CHECK_THAT(two.waits_for(), Catch::EndsWith("UTC; 2 are needed"));
  REQUIRE(two.approve(word("bob"), kNoon));
  CHECK_FALSE(two.passed());
  CHECK_THAT(two.waits_for(), Catch::EndsWith("UTC; 1 of 2 given, by bob"));
  CHECK_FALSE(two.approve(word("bob"), kNoon));
  REQUIRE(two.approve(word("cas"), kNoon));
  CHECK(two.passed());
  CHECK_FALSE(two.approve(word("dan"), kNoon));
}

TEST_CASE("who asked for it is not the only one to approve it where that is declared") {
  Hold another = hold(1, true);
  CHECK_THAT(another.waits_for(), Catch::Contains("not by ann alone"));
  REQUIRE(another.approve(word("ann"), kNoon));
  CHECK_FALSE(another.passed());
  REQUIRE(another.approve(word("bob"), kNoon));
  CHECK(another.passed());

  Hold own = hold();
  REQUIRE(own.approve(word("ann"), kNoon));
  CHECK(own.passed());
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
  CHECK(again.waits_for() == read->waits_for());

  rollout.fence = 1;
  CHECK_FALSE(hold_of(rollout));
}
