#include "orchestrator/store/deliveries.hpp"

#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

Delivery accepted(ProjectId project, std::string replay_key) {
  Delivery delivery;
  delivery.project = project;
  delivery.source = "github";
  delivery.event = "push";
  delivery.external_id = "72d3162e";
  delivery.replay_key = std::move(replay_key);
  delivery.received = kNoon;
  delivery.headers = R"({"x-github-event":"push"})";
  delivery.body = std::string("{\"ref\":\"\0\xff\"}", 13);
  delivery.decision = Decision::accepted;
  delivery.reason = "push to main";
  return delivery;
}

std::vector<Run> runs_for(ProjectId project, std::size_t count) {
  Run run;
  run.project = project;
  run.created = kNoon;
  return std::vector<Run>(count, run);
}

}  // namespace

TEST_CASE("a delivery is filed with the runs it queues") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const auto recorded = s.write(&Deliveries::record, accepted(project, "k1"), runs_for(project, 2)).value();
  CHECK(recorded.decision == Decision::accepted);
  REQUIRE(recorded.runs.size() == 2);
  const Delivery got = s.read(&Deliveries::get, recorded.delivery).value();
  CHECK(got.project == project);
  CHECK(got.source == "github");
  CHECK(got.event == "push");
  CHECK(got.external_id == "72d3162e");
  CHECK(got.received == kNoon);
  CHECK(got.headers == R"({"x-github-event":"push"})");
  CHECK(got.body == accepted(project, "").body);
  CHECK(got.reason == "push to main");
  CHECK(got.run == recorded.runs[0]);
  CHECK(s.read(&Runs::get, recorded.runs[1])->delivery == recorded.delivery);
}

TEST_CASE("a delivery accepted before is filed as a duplicate and queues nothing") {
  TemporaryStore s;
  const ProjectId shop = add_project(s, "shop");
  const ProjectId blog = add_project(s, "blog");
  const auto first = s.write(&Deliveries::record, accepted(shop, "k1"), runs_for(shop, 1)).value();
  const auto second = s.write(&Deliveries::record, accepted(shop, "k1"), runs_for(shop, 1)).value();
  CHECK(second.decision == Decision::duplicate);
  CHECK(second.runs.empty());
  const Delivery got = s.read(&Deliveries::get, second.delivery).value();
  CHECK(got.decision == Decision::duplicate);
  CHECK(got.run == first.runs[0]);
  CHECK(got.reason == "the same as delivery 1");

  CHECK(s.write(&Deliveries::record, accepted(blog, "k1"), runs_for(blog, 1))->decision == Decision::accepted);
  CHECK(s.write(&Deliveries::record, accepted(shop, ""), runs_for(shop, 1))->decision == Decision::accepted);
  CHECK(s.write(&Deliveries::record, accepted(shop, ""), runs_for(shop, 1))->decision == Decision::accepted);
  CHECK(s.read(&Runs::unfinished)->size() == 4);
}

TEST_CASE("with a scope only the last delivery that counts makes one a duplicate") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  int sent = 0;
  const auto file = [&](std::string key, Decision decision = Decision::accepted, std::string scope = "v1") {
    Delivery delivery = accepted(project, std::move(key));
    delivery.external_id = std::to_string(++sent);
    delivery.replay_scope = std::move(scope);
    delivery.decision = decision;
    return s.write(&Deliveries::record, delivery, runs_for(project, 1))->decision;
  };
  CHECK(file("pushed") == Decision::accepted);
  CHECK(file("pushed") == Decision::duplicate);
  CHECK(file("pushed") == Decision::duplicate);
  SECTION("what is about something else, refused or a duplicate does not count") {
    CHECK(file("other", Decision::accepted, "v10") == Decision::accepted);
    CHECK(file("other", Decision::accepted, "v") == Decision::accepted);
    CHECK(file("other", Decision::accepted, "") == Decision::accepted);
    CHECK(file("other", Decision::refused) == Decision::refused);
    CHECK(file("pushed") == Decision::duplicate);
    CHECK(file("other", Decision::accepted, "v10") == Decision::duplicate);
  }
  SECTION("one that is accepted counts") {
    CHECK(file("other") == Decision::accepted);
    CHECK(file("pushed") == Decision::accepted);
    CHECK(file("pushed") == Decision::duplicate);
    CHECK(file("other") == Decision::accepted);
  }
  SECTION("one that is ignored counts") {
    CHECK(file("deleted", Decision::ignored) == Decision::ignored);
    CHECK(file("pushed") == Decision::accepted);
    CHECK(file("pushed") == Decision::duplicate);
  }
}

TEST_CASE("with a scope one that its sender sends again is a duplicate whatever came after it") {
  TemporaryStore s;
  const ProjectId shop = add_project(s, "shop");
  const ProjectId blog = add_project(s, "blog");
  const auto file = [&](std::string id, std::string key, ProjectId project) {
    Delivery delivery = accepted(project, std::move(key));
    delivery.replay_scope = "main";
    delivery.external_id = std::move(id);
    return s.write(&Deliveries::record, delivery, runs_for(project, 1)).value();
  };
  const auto first = file("one", "forth", shop);
  CHECK(file("two", "back", shop).decision == Decision::accepted);
  const auto again = file("one", "forth", shop);
  CHECK(again.decision == Decision::duplicate);
  const Delivery got = s.read(&Deliveries::get, again.delivery).value();
  CHECK(got.run == first.runs[0]);
  CHECK(got.reason == "the same as delivery 1");
  CHECK(file("two", "back", shop).decision == Decision::duplicate);  // what was sent again replaced nothing

  CHECK(file("one", "elsewhere", shop).decision == Decision::accepted);
  CHECK(file("one", "forth", blog).decision == Decision::accepted);
  CHECK(file("three", "forth", shop).decision == Decision::accepted);
  CHECK(file("", "back", shop).decision == Decision::accepted);
  CHECK(file("", "forth", shop).decision == Decision::accepted);
  CHECK(file("", "back", shop).decision == Decision::accepted);
  CHECK(file("one", "forth", shop).decision == Decision::duplicate);
  CHECK(file("three", "forth", shop).decision == Decision::duplicate);
}

TEST_CASE("a delivery that was refused does not stand in the way of the true one") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  Delivery refused = accepted(project, "k1");
  refused.decision = Decision::refused;
  CHECK(s.write(&Deliveries::record, refused, runs_for(project, 1))->runs.empty());
  CHECK(s.write(&Deliveries::record, accepted(project, "k1"), runs_for(project, 1))->runs.size() == 1);
}

TEST_CASE("when a run can't be queued its delivery is not filed either") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  auto runs = runs_for(project, 2);
  runs[1].project = ProjectId(99);
  CHECK(s.write(&Deliveries::record, accepted(project, "k1"), runs).error().kind == Error::Kind::not_found);
  CHECK(s.read(&Deliveries::list, DeliveryFilter())->items.empty());
  CHECK(s.read(&Runs::unfinished)->empty());
}

TEST_CASE("a body over the limit is refused") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  Delivery delivery = accepted(project, "");
  delivery.body.assign(1 << 20, 'x');
  CHECK(s.write(&Deliveries::record, delivery, runs_for(project, 1)));
  delivery.body += 'x';
  CHECK(s.write(&Deliveries::record, delivery, runs_for(project, 1)).error().kind == Error::Kind::too_large);
}

TEST_CASE("deliveries are listed newest first without their bodies, and pruned oldest first") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  for (int i = 0; i < 5; ++i) {
    Delivery delivery = accepted(project, "");
    if (i % 2 == 1) delivery.decision = Decision::ignored;
    REQUIRE(s.write(&Deliveries::record, delivery, runs_for(project, 1)));
  }
  DeliveryFilter filter;
  filter.project = project;
  filter.limit = 2;
  auto page = s.read(&Deliveries::list, filter).value();
  REQUIRE(page.items.size() == 2);
  CHECK(page.items[0].id == DeliveryId(5));
  CHECK(page.items[0].body.empty());
  filter.before = DeliveryId(page.next);
  filter.decision = Decision::ignored;
  page = s.read(&Deliveries::list, filter).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].id == DeliveryId(2));

  CHECK(s.write(&Deliveries::prune, 2, 100).value() == 3);
  CHECK(s.read(&Deliveries::list, DeliveryFilter())->items.size() == 2);
  const auto runs = s.read(&Runs::unfinished).value();
  CHECK(runs.size() == 3);
  CHECK_FALSE(runs[0].delivery);
}

TEST_CASE("refused deliveries are kept fewer, so that nobody can push the others out") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  REQUIRE(s.write(&Deliveries::record, accepted(project, ""), runs_for(project, 1)));
  Delivery refused = accepted(project, "");
  refused.decision = Decision::refused;
  for (int i = 0; i < 6; ++i) REQUIRE(s.write(&Deliveries::record, refused, std::vector<Run>()));
  CHECK(s.write(&Deliveries::prune, 5, 2).value() == 4);
  const auto left = s.read(&Deliveries::list, DeliveryFilter())->items;
  REQUIRE(left.size() == 3);
  CHECK(left[0].id == DeliveryId(7));
  CHECK(left[1].id == DeliveryId(6));
  CHECK(left[2].decision == Decision::accepted);
  CHECK(s.write(&Deliveries::prune, 5, 2).value() == 0);
}

TEST_CASE("old bodies go before their deliveries do") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  for (int i = 0; i < 3; ++i) REQUIRE(s.write(&Deliveries::record, accepted(project, ""), runs_for(project, 1)));
  CHECK(s.write(&Deliveries::drop_bodies, 1).value() == 2);
  CHECK(s.write(&Deliveries::drop_bodies, 1).value() == 0);
  CHECK(s.read(&Deliveries::get, DeliveryId(2))->body.empty());
  CHECK_FALSE(s.read(&Deliveries::get, DeliveryId(3))->body.empty());
}
