#include "orchestrator/store/adoptions.hpp"

#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

/// Generation 4, promoted, with 3 below it; labels name generations up to 6 and rollouts up to 40.
AdoptedApplication shop(ProjectId project) {
  AdoptedApplication adopted;
  adopted.name = "shop";
  adopted.project = project;
  adopted.fleet = "f1f1f1f1";
  adopted.newest_generation = 6;
  adopted.newest_rollout = 40;
  adopted.newest_fence = 12;
  for (const std::int64_t number : {3, 4}) {
    Generation generation;
    generation.number = number;
    adopted.generations.push_back(generation);
    Rollout rollout;
    rollout.generation = number;
    rollout.kind = "adopt";
    rollout.state = "succeeded";
    rollout.requested_by = "ann";
    adopted.rollouts.push_back(rollout);
  }
  RolloutHost host;
  host.host = "h1";
  host.state = "unknown";
  adopted.hosts = {host};
  return adopted;
}

}  // namespace

TEST_CASE(
    "an adopted application has its promoted generation and history, and new numbers come after all that are taken") {
  TemporaryStore with;
  const ProjectId project = add_project(with);
  const auto id = with.write(&Adoptions::add, shop(project), kNoon).value();
  CHECK(id == RolloutId(42));
  const auto application = with.read(&Applications::get, std::string("shop")).value();
  CHECK(application.promoted == 4);
  CHECK(application.fence == 12);
  CHECK(application.project == project);
  const auto history = with.read(&Rollouts::list, std::string("shop"), std::size_t{10}).value();
  REQUIRE(history.size() == 2);
  CHECK(history[0].generation == 4);
  CHECK(history[1].generation == 3);
  CHECK(history[1].ended);
  const auto hosts = with.read(&Rollouts::hosts, id).value();
  REQUIRE(hosts.size() == 1);
  CHECK(hosts[0].state == "unknown");
  CHECK(with.read(&Rollouts::open).value().empty());

  Generation next;
  next.application = "shop";
  CHECK(with.write(&Applications::add_generation, next).value() == 7);
  Rollout rollout;
  rollout.application = "shop";
  rollout.generation = 7;
  CHECK(with.write(&Rollouts::add, rollout).value() == RolloutId(43));
}

TEST_CASE("the fleet of the first application that is adopted is that of the store, also when it is opened again") {
  TemporaryStore with;
  CHECK(with.store->fleet() == with.store->instance());
  const ProjectId project = add_project(with);
  REQUIRE(with.write(&Adoptions::add, shop(project), kNoon));
  const std::string instance = with.store->instance();
  with.reopen();
  CHECK(with.store->fleet() == "f1f1f1f1");
  CHECK(with.store->instance() == instance);

  AdoptedApplication other = shop(project);
  other.name = "blog";
  CHECK(with.write(&Adoptions::add, other, kNoon));
  other.name = "wiki";
  other.fleet = "f2f2f2f2";
  const auto refused = with.write(&Adoptions::add, other, kNoon);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::conflict);
}

TEST_CASE("an application that is known already is not adopted") {
  TemporaryStore with;
  const ProjectId project = add_project(with);
  REQUIRE(with.write(&Adoptions::add, shop(project), kNoon));
  CHECK(with.write(&Adoptions::add, shop(project), kNoon).error().kind == Error::Kind::conflict);
}
