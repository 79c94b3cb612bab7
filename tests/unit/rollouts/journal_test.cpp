#include "orchestrator/rollouts/journal.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

TEST_CASE("what a rollout must not forget reads back as it was written") {
  Progress progress;
  progress.stage = Stage::rolling_back;
  progress.batch = 2;
  progress.floor = 1;
  progress.pause_asked = true;
  progress.migrator = "h2";
  progress.turn_round = true;
  progress.deadline = Time(Milliseconds(1'764'000'009'000));
  progress.until = Time(Milliseconds(1'764'000'000'123));
  progress.reason = "host h2: it said \"no\"\nand more";
  HostProgress host;
  host.host = "h2";
  host.stage = HostStage::created;
  host.heading = Heading::back;
  host.reaching = HostStage::started;
  host.deadline = Time(Milliseconds(1'764'000'060'000));
  host.health = Health::unhealthy;
  host.batch = 2;
  host.leaves = host.failed = host.lost = host.restore_failed = true;
  host.reason = "\xff not UTF-8";
  progress.hosts = {host, HostProgress{}};

  const auto again = parse_progress(dump_progress(progress));
  REQUIRE(again);
  CHECK(again->stage == progress.stage);
  CHECK(again->batch == 2);
  CHECK(again->floor == 1);
  CHECK(again->pause_asked);
  CHECK_FALSE(again->stop_asked);
  CHECK(again->migrator == "h2");
  CHECK(again->turn_round);
  CHECK(again->deadline == progress.deadline);
  CHECK(again->until == progress.until);
  CHECK(again->reason == progress.reason);
  REQUIRE(again->hosts.size() == 2);
  CHECK(again->hosts[0].stage == HostStage::created);
  CHECK(again->hosts[0].heading == Heading::back);
  CHECK(again->hosts[0].reaching == HostStage::started);
  CHECK(again->hosts[0].deadline == host.deadline);
  CHECK(again->hosts[0].health == Health::unhealthy);
  CHECK(again->hosts[0].restore_failed);
  CHECK(again->hosts[0].leaves);
  CHECK_FALSE(again->hosts[1].leaves);
  CHECK_FALSE(again->hosts[1].reaching);
  CHECK_FALSE(again->hosts[1].failed);
}

TEST_CASE("a plan reads back as it was written") {
  Plan plan;
  plan.pace.order = Order::stop_first;
  plan.pace.batch_size = 3;
  plan.pace.min_healthy = 2;
  plan.pace.max_failure_ratio = 0.25;
  plan.pace.on_failure = FailureAction::go_on;
  plan.pace.on_alarm = FailureAction::pause;
  plan.pace.deadline = Milliseconds(9);
  plan.pace.may_roll_back = false;
  plan.pace.has_previous = false;
  plan.pace.health_deadline = Milliseconds(7);
  plan.hosts = {{"h1", true, Health::healthy, {"a"}, {"b"}, {"c"}, {"d"}, true}};
  plan.batches = {{"h1"}, {}};
  plan.notes = {"said plainly"};
  const auto again = parse_plan(dump_plan(plan));
  REQUIRE(again);
  CHECK(again->pace.order == Order::stop_first);
  CHECK(again->pace.batch_size == 3);
  CHECK(again->pace.min_healthy == 2);
  CHECK(again->pace.max_failure_ratio == 0.25);
  CHECK(again->pace.on_failure == FailureAction::go_on);
  CHECK(again->pace.on_alarm == FailureAction::pause);
  CHECK(again->pace.deadline == Milliseconds(9));
  CHECK_FALSE(again->pace.may_roll_back);
  CHECK_FALSE(again->pace.has_previous);
  CHECK(again->pace.health_deadline == Milliseconds(7));
  CHECK(again->pace.stop_deadline == plan.pace.stop_deadline);
  CHECK(again->hosts[0].start == std::vector<std::string>{"b"});
  CHECK(again->hosts[0].stop == std::vector<std::string>{"d"});
  CHECK(again->hosts[0].leaves);
  CHECK(again->batches == plan.batches);
  CHECK(again->notes == plan.notes);
}

TEST_CASE("a damaged journal is an error, not a rollout that begins anew") {
  const auto text = GENERATE(as<std::string>(), "", "{", "[]", "{\"stage\": \"sideways\"}", "{\"hosts\": []}");
  CHECK_FALSE(parse_progress(text));
}

TEST_CASE("a rollout that can't be worked on any more has succeeded if its generation was promoted, and else has not") {
  const auto given_up = [](Stage stage, std::size_t batch) {
    Progress progress;
    progress.stage = stage;
    progress.hosts.emplace_back().batch = batch;
    store::Rollout rollout;
    rollout.progress = R"({"machine": )" + dump_progress(progress) + "}";
    return stage_given_up(rollout);
  };
  CHECK(given_up(Stage::finalizing, 1) == Stage::succeeded);
  CHECK(given_up(Stage::batch, 1) == Stage::rollback_failed);
  CHECK(given_up(Stage::pulling, 0) == Stage::rolled_back);
  CHECK(stage_given_up(store::Rollout()) == Stage::rolled_back);
}
