#include "orchestrator/rollouts/turn.hpp"

#include "orchestrator/store/applications.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::rollouts;
using store::kNoon;

namespace {

struct Line {
  Line() {
    REQUIRE(s.write(&store::Applications::ensure, std::string("shop"), ProjectId(), kNoon));
    store::Generation generation;
    generation.application = "shop";
    REQUIRE(s.write(&store::Applications::add_generation, generation));
  }
  Result<Turn> ask(Concurrency concurrency, std::string kind = "deploy") {
    store::Rollout rollout;
    rollout.application = "shop";
    rollout.generation = 1;
    rollout.kind = std::move(kind);
    rollout.requested_by = "ann";
    rollout.created = kNoon;
    auto add = [=](store::Transaction& tx) { return take_turn(tx, rollout, concurrency); };
    return s.write(std::move(add));
  }
  store::Rollout get(RolloutId id) { return s.read(&store::Rollouts::get, id).value(); }
  void begin(RolloutId id) { REQUIRE(s.write(&store::Rollouts::lease, id, kNoon)); }

  store::TemporaryStore s;
};

}  // namespace

TEST_CASE("a rollout that queues leaves those before it alone") {
  Line line;
  const auto first = line.ask(Concurrency::queue).value();
  const auto second = line.ask(Concurrency::queue).value();
  CHECK(second.superseded.empty());
  CHECK_FALSE(line.get(first.rollout.id).ended);
}

TEST_CASE("a rollout that supersedes ends those that wait, and says by which; one that works goes on") {
  Line line;
  const auto works = line.ask(Concurrency::queue).value();
  line.begin(works.rollout.id);
  const auto waits = line.ask(Concurrency::queue).value();
  const auto again = line.ask(Concurrency::queue, "redeploy").value();
  const auto newest = line.ask(Concurrency::supersede).value();
  CHECK(newest.superseded == std::vector{waits.rollout.id, again.rollout.id});
  CHECK(line.get(waits.rollout.id).state == "superseded");
  CHECK(line.get(waits.rollout.id).ended);
  CHECK(line.get(waits.rollout.id).reason == "by rollout " + to_string(newest.rollout.id) + "; nothing was changed");
  CHECK_FALSE(line.get(works.rollout.id).ended);
  CHECK_FALSE(line.get(newest.rollout.id).ended);
}

TEST_CASE("what waits to be rolled back, caught up or healed is not superseded") {
  Line line;
  const std::string kind = GENERATE("rollback", "catch_up", "heal");
  const auto waits = line.ask(Concurrency::queue, kind).value();
  CHECK(line.ask(Concurrency::supersede).value().superseded.empty());
  CHECK_FALSE(line.get(waits.rollout.id).ended);
}

TEST_CASE("a rollout that is refused names the one in its way, and leaves nothing behind") {
  Line line;
  const auto first = line.ask(Concurrency::refuse).value();
  const auto second = line.ask(Concurrency::refuse);
  REQUIRE_FALSE(second);
  CHECK(second.error().kind == Error::Kind::conflict);
  CHECK(second.error().message == "rollout " + to_string(first.rollout.id) +
                                      " of shop is in the way (queued, asked for by ann), and "
                                      "x-slipway.concurrency is refuse");
  CHECK(line.s.read(&store::Rollouts::open, std::string("shop")).value().size() == 1);
}

TEST_CASE("what slipway does by itself is in nobody's way") {
  Line line;
  REQUIRE(line.ask(Concurrency::queue, "heal"));
  CHECK(line.ask(Concurrency::refuse));
}

TEST_CASE("a rollback ends the deployments that wait") {
  Line line;
  const auto waits = line.ask(Concurrency::queue).value();
  store::Rollout back;
  back.application = "shop";
  back.generation = 1;
  back.kind = "rollback";
  back.created = kNoon;
  auto add = [=](store::Transaction& tx) -> Result<Turn> {
    auto turn = take_turn(tx, back, Concurrency::queue);
    if (!turn) return turn;
    return supersede_waiting(tx, std::move(*turn));
  };
  const auto turn = line.s.write(std::move(add)).value();
  CHECK(turn.superseded == std::vector{waits.rollout.id});
  CHECK(line.get(waits.rollout.id).reason ==
        "by the rollback, rollout " + to_string(turn.rollout.id) + "; nothing was changed");
  CHECK_FALSE(line.get(turn.rollout.id).ended);
}

TEST_CASE("a deployment that waits lets a host be caught up, but no deployment that came after it") {
  Line line;
  const auto waits = line.ask(Concurrency::queue).value();
  const auto behind = line.ask(Concurrency::queue).value();
  const auto heals = line.ask(Concurrency::queue, "heal").value();
  CHECK_FALSE(line.s.write(&store::Rollouts::lease, behind.rollout.id, kNoon));
  line.begin(heals.rollout.id);
  const auto meanwhile = line.s.write(&store::Rollouts::lease, waits.rollout.id, kNoon);
  REQUIRE_FALSE(meanwhile);
  CHECK_THAT(meanwhile.error().message, Catch::StartsWith("rollout " + to_string(heals.rollout.id)));
}
