#include "orchestrator/rollouts/hands.hpp"

#include "orchestrator/rollouts/journal.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/rollouts.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// An application, and leases of rollouts that end at once.
struct Held {
  Held() { REQUIRE(s.write(&store::Applications::ensure, std::string("shop"), ProjectId(), store::kNoon)); }

  RolloutId add() {
    store::Generation generation;
    generation.application = "shop";
    generation.compose = "name: shop";
    generation.created = store::kNoon;
    store::Rollout rollout;
    rollout.application = "shop";
    rollout.generation = s.write(&store::Applications::add_generation, generation).value();
    rollout.created = store::kNoon;
    return s.write(&store::Rollouts::add, rollout).value();
  }
  std::int64_t lease(RolloutId id, const std::string& holder) {
    return s.write(&store::Rollouts::lease_above, id, std::int64_t{0}, holder, store::kNoon).value();
  }
  void end(RolloutId id, std::int64_t fence, const std::string& state = "succeeded", bool begun = false) {
    Progress machine;
    machine.stage = Stage::batch;
    machine.migrator = begun ? "h1" : "";
    store::RolloutProgress progress;
    progress.state = state;
    progress.ended = true;
    progress.progress = R"({"machine": )" + dump_progress(machine) + "}";
    REQUIRE(s.write(&store::Rollouts::save, id, fence, progress));
  }
  bool is_ours(const HostMark& mark, std::int64_t lease = 0) {
    auto check = [mark, lease](store::Transaction& tx) {
      const std::vector<HostMark> marks{HostMark(), mark};
      return check_hands(tx, "shop", marks, lease);
    };
    const auto checked = s.read(std::move(check));
    if (!checked) CHECK(checked.error().kind == Error::Kind::conflict);
    return checked.has_value();
  }

  store::TemporaryStore s;
};

}  // namespace

TEST_CASE("an application is another slipwayd's where a host's mark is above all leases or another holder's") {
  Held held;
  CHECK(held.is_ours({0, ""}));
  CHECK_FALSE(held.is_ours({1, "theirs"}));
  const RolloutId first = held.add();
  CHECK(held.lease(first, "one") == 1);
  CHECK(held.lease(first, "two") == 2);  // taken up again
  held.end(first, 2);
  CHECK(held.is_ours({1, "one"}));
  CHECK(held.is_ours({2, "two"}));
  CHECK_FALSE(held.is_ours({1, "theirs"}));
  CHECK_FALSE(held.is_ours({2, "one"}));
  CHECK_FALSE(held.is_ours({3, "two"}));
  const auto why = held.s.read([](store::Transaction& tx) { return check_hands(tx, "shop", {{7, "theirs"}}, 0); });
  REQUIRE_FALSE(why);
  CHECK(why.error().message == "application shop is in the hands of another slipwayd: its lease is 7, this one's 2");
}

TEST_CASE("a mark below the lease of a rollout was known to it, and one of a lease that is forgotten is ours") {
  Held held;
  const RolloutId first = held.add();
  CHECK(held.lease(first, "one") == 1);
  held.end(first, 1);
  CHECK_FALSE(held.is_ours({1, "theirs"}, 1));
  CHECK(held.is_ours({1, "theirs"}, 2));
  const RolloutId second = held.add();
  CHECK(held.lease(second, "") == 2);  // as an earlier release did
  CHECK(held.is_ours({2, "whose"}));
}

TEST_CASE("what another slipwayd left on a host before people took the application back is in nobody's way") {
  Held held;
  const RolloutId unheard = held.add();
  CHECK(held.lease(unheard, "one") == 1);
  held.end(unheard, 1, "rolled_back");
  const RolloutId begun = held.add();
  CHECK(held.lease(begun, "two") == 2);
  const bool ousted = GENERATE(false, true);
  held.end(begun, 2, ousted ? "failed" : "succeeded", true);
  CHECK(held.is_ours({1, "theirs"}) != ousted);
  CHECK_FALSE(held.is_ours({2, "theirs"}));
}
