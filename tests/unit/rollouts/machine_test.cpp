#include "orchestrator/rollouts/machine.hpp"

#include <algorithm>
#include <deque>
#include <map>

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

namespace {

const Time noon{Milliseconds(1'764'000'000'000)};

Progress hosts(std::size_t count, Health health = Health::healthy) {
  Progress progress;
  for (std::size_t i = 1; i <= count; ++i) {
    HostProgress host;
    host.host = "h" + std::to_string(i);
    host.health = health;
    progress.hosts.push_back(host);
  }
  return progress;
}

/// The last of them is one that the new generation is not for.
Progress with_one_left(std::size_t count) {
  Progress progress = hosts(count);
  progress.hosts.back().leaves = true;
  return progress;
}

/// Performs every action at once and successfully, but for what `fails` and `loses` name as "host:stage".
struct Bench {
  Bench(Pace pace, Progress progress) : machine(pace, std::move(progress)) {}

  void feed(const Event& event) {
    for (const Action& action : machine.on(event, now)) queue.push_back(action);
  }
  void run() {
    while (!queue.empty() && machine.progress().stage != stop_at) {
      const Action action = queue.front();
      queue.pop_front();
      answer(action);
    }
  }
  void answer(const Action& action) {
    if (action.kind == Action::Kind::promote) ++promoted;
    if (action.kind == Action::Kind::cancel) feed(event::Cancelled{action.host});
    if (action.kind == Action::Kind::watch) {
      for (const auto& seen : sick) feed(event::Seen{seen, Health::unhealthy, "health check failed"});
      sick.clear();
      now = action.deadline;
      feed(event::TimeUp{});
    }
    if (action.kind == Action::Kind::migrate) {
      trace.push_back(action.host + ":migrate");
      if (migration_fails) return feed(event::MigrationFailed{"it broke"});
      return feed(event::Migrated{});
    }
    if (action.kind != Action::Kind::reach) return;
    const std::string step =
        action.host + ":" + std::string(name_of(action.heading)) + ":" + std::string(name_of(action.stage));
    trace.push_back(step);
    if (std::erase(fails, step) > 0) return feed(event::Failed{action.host, "it broke"});
    if (std::erase(loses, step) > 0) return feed(event::Lost{action.host, "no answer"});
    feed(event::Reached{action.host, action.stage});
  }
  Stage stage() const { return machine.progress().stage; }
  const HostProgress& host(std::size_t i) const { return machine.progress().hosts[i - 1]; }
  std::vector<std::string> steps_of(const std::string& host) const {
    std::vector<std::string> found;
    for (const auto& step : trace) {
      if (step.starts_with(host + ":")) found.push_back(step.substr(host.size() + 1));
    }
    return found;
  }

  Machine machine;
  Time now = noon;
  Stage stop_at = Stage::succeeded;
  std::deque<Action> queue;
  std::vector<std::string> fails, loses, sick, trace;
  int promoted = 0;
  bool migration_fails = false;
};

Bench begun(Pace pace, Progress progress) {
  Bench bench(pace, std::move(progress));
  bench.feed(event::Begun{});
  return bench;
}

}  // namespace

TEST_CASE("a start-first rollout takes each host through its stages and stops the old containers last") {
  Bench bench = begun(Pace{}, hosts(1));
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(bench.steps_of("h1") == std::vector<std::string>{"forward:pulled", "forward:created", "forward:started",
                                                         "forward:healthy", "forward:attached", "forward:old_drained",
                                                         "forward:old_stopped", "forward:committed"});
  CHECK(bench.promoted == 1);
}

TEST_CASE("a stop-first rollout stops the old containers before the new ones start") {
  Pace pace;
  pace.order = Order::stop_first;
  Bench bench = begun(pace, hosts(1));
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(bench.steps_of("h1") == std::vector<std::string>{"forward:pulled", "forward:created", "forward:old_drained",
                                                         "forward:old_stopped", "forward:started", "forward:healthy",
                                                         "forward:attached", "forward:committed"});
}

TEST_CASE("every host has pulled before any host is touched") {
  Bench bench = begun(Pace{}, hosts(3));
  bench.run();
  for (std::size_t i = 0; i < 3; ++i) CHECK(bench.trace[i].ends_with(":pulled"));
}

TEST_CASE("a pull that fails on one host ends the rollout with nothing changed") {
  Bench bench = begun(Pace{}, hosts(3));
  bench.fails = {"h2:forward:pulled"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.machine.progress().reason == "host h2: it broke; nothing was changed");
  CHECK(bench.trace.size() == 3);
}

TEST_CASE("an unhealthy second host of three brings the first two back and leaves the third alone") {
  Bench bench = begun(Pace{}, hosts(3));
  bench.fails = {"h2:forward:healthy"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.machine.progress().reason == "host h2: it broke");
  CHECK(bench.host(1).heading == Heading::back);
  CHECK(bench.host(2).heading == Heading::back);
  CHECK(bench.host(3).batch == 0);
  CHECK(bench.promoted == 0);
}

TEST_CASE("rollback.scope says which hosts go back after a failure, never after a person's word") {
  Pace pace;
  pace.scope = BackScope::failed;
  Bench bench = begun(pace, hosts(3));
  bench.fails = {"h2:forward:healthy"};
  bench.run();
  CHECK(bench.stage() == Stage::failed);
  CHECK(bench.machine.progress().reason == "host h2: it broke; hosts stay as they are: rollback.scope is failed");
  CHECK(bench.host(1).heading == Heading::forward);
  CHECK(bench.host(2).heading == Heading::back);
  CHECK(bench.host(3).batch == 0);
  CHECK(bench.promoted == 0);

  pace.scope = BackScope::none;
  Bench left = begun(pace, hosts(3));
  left.fails = {"h2:forward:healthy"};
  left.run();
  CHECK(left.stage() == Stage::failed);
  CHECK(left.host(1).heading == Heading::forward);
  CHECK(left.host(2).heading == Heading::forward);

  Bench asked = begun(pace, hosts(3));
  asked.stop_at = Stage::batch;
  asked.run();
  asked.feed(event::Asked{Verb::roll_back, "run 9", "job deploy: timeout"});
  CHECK(asked.machine.progress().reason == "asked for by run 9: job deploy: timeout");
  asked.stop_at = Stage::succeeded;
  asked.run();
  CHECK(asked.stage() == Stage::rolled_back);
  CHECK(asked.host(1).heading == Heading::back);
}

TEST_CASE("a way back that fails ends as rollback_failed and is not tried again") {
  Bench bench = begun(Pace{}, hosts(2));
  bench.fails = {"h2:forward:healthy", "h1:back:healthy"};
  bench.run();
  CHECK(bench.stage() == Stage::rollback_failed);
  CHECK(bench.host(1).restore_failed);
  CHECK(bench.host(1).reason == "going back: it broke");
}

TEST_CASE("a rollback that fails on one host is finished on the others and never rolled back itself") {
  Pace pace;
  pace.may_roll_back = false;
  Bench bench = begun(pace, hosts(3));
  bench.fails = {"h2:forward:started"};
  bench.run();
  CHECK(bench.stage() == Stage::rollback_failed);
  CHECK(std::none_of(bench.trace.begin(), bench.trace.end(),
                     [](const std::string& step) { return step.find(":back:") != std::string::npos; }));
  CHECK(bench.host(3).stage == HostStage::old_stopped);
}

TEST_CASE("a host that stops answering counts as not serving but does not fail the rollout") {
  Bench bench = begun(Pace{}, hosts(3));
  bench.loses = {"h1:forward:created"};
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(bench.host(1).lost);
  CHECK(bench.host(1).health == Health::unknown);
  CHECK(bench.promoted == 1);
}

TEST_CASE("losing a host below min_healthy rolls the others back") {
  Pace pace;
  pace.min_healthy = 3;
  Bench bench = begun(pace, hosts(3));
  bench.loses = {"h2:forward:created", "h2:back:pulled"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.machine.progress().reason.starts_with("only 2 hosts serve, 3 must"));
  CHECK(bench.machine.progress().reason.ends_with("host h2 does not answer, it goes back when it does"));
}

TEST_CASE("a rollout waits until enough hosts answer, and gives up at its deadline") {
  Pace pace;
  pace.min_healthy = 2;
  Progress progress = hosts(3, Health::unknown);
  for (auto& host : progress.hosts) host.lost = true;
  progress.hosts[0].lost = false;
  Bench bench = begun(pace, progress);
  CHECK(bench.stage() == Stage::waiting);

  SECTION("one more host is enough") {
    bench.feed(event::Answers{"h3"});
    CHECK(bench.stage() == Stage::pulling);
  }
  SECTION("none comes") {
    bench.now += pace.wait_deadline;
    bench.feed(event::TimeUp{});
    CHECK(bench.stage() == Stage::rolled_back);
    CHECK(bench.trace.empty());
  }
  SECTION("a timer that fires early changes nothing") {
    bench.feed(event::TimeUp{});
    CHECK(bench.stage() == Stage::waiting);
  }
}

TEST_CASE("stop-first takes out only as many serving hosts as min_healthy leaves") {
  Pace pace;
  pace.order = Order::stop_first;
  pace.batch_size = 3;
  pace.min_healthy = 2;
  Bench bench = begun(pace, hosts(4));
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(bench.host(2).batch == 1);
  CHECK(bench.host(3).batch == 2);
}

TEST_CASE("stop-first says so when min_healthy leaves no host to take out") {
  Pace pace;
  pace.order = Order::stop_first;
  pace.min_healthy = 2;
  Bench bench = begun(pace, hosts(2));
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.machine.progress().reason == "no host can be taken out: 2 serve and min_healthy is 2");
}

TEST_CASE("a rollout that mends unhealthy hosts is not held to hosts that never served") {
  Pace pace;
  pace.min_healthy = 2;
  Bench bench = begun(pace, hosts(3, Health::unhealthy));
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
}

TEST_CASE("failure_action and max_failure_ratio decide what one failed host of four means") {
  struct Row {
    FailureAction action;
    double ratio;
    Stage stage;
    HostStage third;
  };
  const auto row = GENERATE(Row{FailureAction::roll_back, 0, Stage::rolled_back, HostStage::pulled},
                            Row{FailureAction::roll_back, 0.25, Stage::succeeded, HostStage::committed},
                            Row{FailureAction::pause, 0, Stage::paused, HostStage::pulled},
                            Row{FailureAction::pause, 0.25, Stage::succeeded, HostStage::committed},
                            Row{FailureAction::go_on, 0, Stage::succeeded, HostStage::committed});
  Pace pace;
  pace.on_failure = row.action;
  pace.max_failure_ratio = row.ratio;
  Bench bench = begun(pace, hosts(4));
  bench.fails = {"h2:forward:healthy"};
  bench.run();
  CHECK(bench.stage() == row.stage);
  CHECK(bench.host(3).stage == row.third);
  CHECK(bench.host(2).heading == Heading::back);
}

TEST_CASE("a rollout that no host can take is never a success, whatever failure_action says") {
  Pace pace;
  pace.on_failure = FailureAction::go_on;
  Bench bench = begun(pace, hosts(2));
  bench.fails = {"h1:forward:healthy", "h2:forward:healthy"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.promoted == 0);
}

TEST_CASE("an updated host that turns unhealthy while the batch is monitored fails the rollout") {
  Pace pace;
  pace.monitor = Milliseconds(5000);
  Bench bench = begun(pace, hosts(3));
  bench.sick = {"h1"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.machine.progress().reason == "host h1: health check failed");
  CHECK(bench.host(2).batch == 0);
}

TEST_CASE("a host that is still to come may be unhealthy while others are monitored") {
  Pace pace;
  pace.monitor = Milliseconds(5000);
  Bench bench = begun(pace, hosts(2));
  bench.sick = {"h2"};
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
}

TEST_CASE("the delay lies between batches and not after the last") {
  Pace pace;
  pace.delay = Milliseconds(7000);
  Bench bench = begun(pace, hosts(3));
  bench.run();
  CHECK(bench.now - noon == Milliseconds(14000));
}

TEST_CASE("pause takes hold between batches, resume goes on where it was") {
  Bench bench = begun(Pace{}, hosts(2));
  bench.feed(event::Asked{Verb::pause, "ann"});
  bench.run();
  CHECK(bench.stage() == Stage::paused);
  CHECK(bench.machine.progress().reason == "paused by ann");
  CHECK_FALSE(bench.machine.accepts(Verb::pause));
  bench.feed(event::Asked{Verb::resume, "ann"});
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
}

TEST_CASE("stop leaves the hosts of later batches alone") {
  Bench bench = begun(Pace{}, hosts(2));
  while (bench.host(1).stage != HostStage::healthy) {
    const Action next = bench.queue.front();
    bench.queue.pop_front();
    bench.answer(next);
  }
  bench.feed(event::Asked{Verb::stop, "ann"});
  bench.run();
  CHECK(bench.stage() == Stage::stopped);
  CHECK(bench.host(1).stage == HostStage::old_stopped);
  CHECK(bench.host(2).batch == 0);
  CHECK(bench.promoted == 0);
}

TEST_CASE("a person's rollback cancels the steps in work and brings every touched host back") {
  Pace pace;
  pace.batch_size = 2;
  Bench bench = begun(pace, hosts(3));
  while (bench.host(1).stage != HostStage::started) {
    const Action next = bench.queue.front();
    bench.queue.pop_front();
    bench.answer(next);
  }
  bench.feed(event::Asked{Verb::roll_back, "ann"});
  CHECK(std::count_if(bench.queue.begin(), bench.queue.end(),
                      [](const Action& a) { return a.kind == Action::Kind::cancel; }) == 2);
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.host(1).stage == HostStage::old_stopped);
  CHECK(bench.host(2).heading == Heading::back);
  CHECK(bench.host(3).batch == 0);
}

TEST_CASE("promote ends the baking it is in, promote_all also all delays to come") {
  Pace pace;
  pace.delay = Milliseconds(7000);
  Bench bench = begun(pace, hosts(3));
  bench.stop_at = Stage::baking;
  bench.run();
  const auto verb = GENERATE(Verb::promote, Verb::promote_all);
  bench.queue.clear();
  bench.feed(event::Asked{verb, "ann"});
  CHECK(bench.stage() == Stage::batch);
  bench.stop_at = Stage::succeeded;
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(bench.now - noon == Milliseconds(verb == Verb::promote ? 7000 : 0));
}

TEST_CASE("promote ends a pause as resume does") {
  Bench bench = begun(Pace{}, hosts(2));
  bench.feed(event::Asked{Verb::pause, "ann"});
  bench.run();
  REQUIRE(bench.stage() == Stage::paused);
  CHECK(awaited_word(bench.machine.progress(), "shop") ==
        "waits to be resumed (paused by ann): slipway app resume shop");
  bench.feed(event::Asked{Verb::promote, "ann"});
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
}

TEST_CASE("each wish that makes no sense is refused with its reason") {
  struct Row {
    Stage stage;
    bool pause_asked;
    Verb verb;
    const char* why;
  };
  const auto row = GENERATE(
      Row{Stage::batch, false, Verb::pause, ""}, Row{Stage::batch, true, Verb::pause, "it is paused already"},
      Row{Stage::paused, false, Verb::pause, "it is paused already"}, Row{Stage::baking, false, Verb::pause, ""},
      Row{Stage::batch, false, Verb::resume, "it is not paused"}, Row{Stage::batch, true, Verb::resume, ""},
      Row{Stage::paused, false, Verb::resume, ""}, Row{Stage::baking, false, Verb::promote, ""},
      Row{Stage::batch, false, Verb::promote, "it is batch and waits for nobody's word"},
      Row{Stage::batch, false, Verb::promote_all, ""}, Row{Stage::waiting, false, Verb::stop, ""},
      Row{Stage::rolling_back, false, Verb::stop, "it is going back"},
      Row{Stage::rolling_back, false, Verb::roll_back, "it is going back"},
      Row{Stage::finalizing, false, Verb::roll_back, "its generation is promoted already"},
      Row{Stage::succeeded, false, Verb::stop, "it has ended"});
  Progress progress = hosts(1);
  progress.stage = row.stage;
  progress.pause_asked = row.pause_asked;
  CAPTURE(name_of(row.stage), name_of(row.verb));
  CHECK(Machine(Pace{}, progress).refusal(row.verb) == row.why);
}

TEST_CASE("a rollback is not rolled back at a person's word either") {
  Pace pace;
  pace.may_roll_back = false;
  Progress progress = hosts(1);
  progress.stage = Stage::batch;
  CHECK(Machine(pace, progress).refusal(Verb::roll_back) == "a rollback is not rolled back");
}

TEST_CASE("a canary over hosts takes them in its steps, watches each, and then takes the rest at once") {
  Pace pace;
  pace.steps = {{1, 0, Milliseconds(5000), false}, {3, 0, Milliseconds(9000), false}};
  Bench bench = begun(pace, hosts(6));
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  std::vector<std::size_t> batches;
  for (std::size_t i = 1; i <= 6; ++i) batches.push_back(bench.host(i).batch);
  CHECK(batches == std::vector<std::size_t>{1, 2, 2, 3, 3, 3});
  CHECK(bench.now - noon == Milliseconds(14000));
}

TEST_CASE("a sick canary brings itself back and never reaches the other hosts") {
  Pace pace;
  pace.steps = {{1, 0, Milliseconds(5000), false}};
  Bench bench = begun(pace, hosts(4));
  bench.sick = {"h1"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.host(1).heading == Heading::back);
  for (std::size_t i = 2; i <= 4; ++i) CHECK(bench.host(i).batch == 0);
}

TEST_CASE("a step that waits goes on at a person's word, and goes back if nobody says one for 30 days") {
  Pace pace;
  pace.steps = {{1, 0, Milliseconds(0), true}};
  Bench bench = begun(pace, hosts(3));
  bench.stop_at = Stage::baking;
  bench.run();
  REQUIRE(bench.stage() == Stage::baking);
  CHECK(bench.machine.progress().reason == "waits to be promoted");
  bench.stop_at = Stage::succeeded;
  SECTION("promoted") {
    const auto verb = GENERATE(Verb::promote, Verb::resume, Verb::promote_all);
    bench.queue.clear();
    bench.feed(event::Asked{verb, "ann"});
    bench.run();
    CHECK(bench.stage() == Stage::succeeded);
    CHECK(bench.now == noon);
  }
  SECTION("forgotten") {
    bench.run();
    CHECK(bench.stage() == Stage::rolled_back);
    CHECK(bench.machine.progress().reason == "nobody promoted it within 30 days");
    CHECK(bench.now - noon == std::chrono::days(30));
  }
}

TEST_CASE("promote_all in the first step of a canary takes all other hosts at once") {
  Pace pace;
  pace.steps = {{1, 0, Milliseconds(5000), false}, {2, 0, Milliseconds(5000), false}};
  Bench bench = begun(pace, hosts(4));
  bench.stop_at = Stage::baking;
  bench.run();
  bench.stop_at = Stage::succeeded;
  bench.queue.clear();
  bench.feed(event::Asked{Verb::promote_all, "ann"});
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  for (std::size_t i = 2; i <= 4; ++i) CHECK(bench.host(i).batch == 2);
}

namespace {

Pace blue_green() {
  Pace pace;
  pace.together = true;
  pace.batch_size = 3;
  pace.bake = Milliseconds(60'000);
  return pace;
}

std::size_t place_of(const Bench& bench, const std::string& step) {
  return static_cast<std::size_t>(std::find(bench.trace.begin(), bench.trace.end(), step) - bench.trace.begin());
}

}  // namespace

TEST_CASE("blue-green has all hosts ready before it switches any, and stops the old ones after the bake time") {
  Bench bench = begun(blue_green(), hosts(3));
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(bench.now - noon == Milliseconds(60'000));
  for (const char* host : {"h1", "h2", "h3"}) {
    const std::string ready = host + std::string(":forward:healthy");
    const std::string drained = host + std::string(":forward:old_drained");
    for (const char* other : {"h1", "h2", "h3"}) {
      CHECK(place_of(bench, ready) < place_of(bench, other + std::string(":forward:attached")));
      CHECK(place_of(bench, drained) < place_of(bench, other + std::string(":forward:old_stopped")));
    }
  }
}

TEST_CASE("blue-green that is not ready on one host switches none") {
  Bench bench = begun(blue_green(), hosts(3));
  bench.fails = {"h2:forward:healthy"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(std::none_of(bench.trace.begin(), bench.trace.end(),
                     [](const std::string& step) { return step.ends_with(":forward:attached"); }));
}

TEST_CASE("blue-green that turns sick while it bakes goes back on all hosts before the old containers stop") {
  Bench bench = begun(blue_green(), hosts(3));
  bench.sick = {"h3"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  for (std::size_t i = 1; i <= 3; ++i) CHECK(bench.host(i).stage == HostStage::old_stopped);
  CHECK(std::none_of(bench.trace.begin(), bench.trace.end(),
                     [](const std::string& step) { return step.ends_with(":forward:old_stopped"); }));
}

TEST_CASE("a manual switch waits when all hosts are ready") {
  Pace pace = blue_green();
  pace.ask_to_switch = true;
  Bench bench = begun(pace, hosts(2));
  bench.stop_at = Stage::baking;
  bench.run();
  CHECK(bench.machine.progress().phase == Phase::prepare);
  CHECK(bench.machine.progress().waits);
  CHECK(awaited_word(bench.machine.progress(), "shop") == "waits to be promoted: slipway app promote shop");
  bench.queue.clear();
  bench.feed(event::Asked{Verb::promote, "ann"});
  CHECK(bench.machine.progress().phase == Phase::change);
  CHECK(awaited_word(bench.machine.progress(), "shop").empty());
}

TEST_CASE("a weighted canary gives the new containers their share on all hosts, step by step, then everything") {
  Pace pace = blue_green();
  pace.bake = Milliseconds(0);
  pace.steps = {{0, 10, Milliseconds(1000), false}, {0, 50, Milliseconds(2000), false}};
  Bench bench = begun(pace, hosts(2));
  std::vector<unsigned> weights;
  while (!bench.queue.empty()) {
    const Action action = bench.queue.front();
    bench.queue.pop_front();
    if (action.host == "h1" && action.stage == HostStage::attached) weights.push_back(action.weight);
    bench.answer(action);
  }
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(weights == std::vector<unsigned>{10, 50, 100});
  CHECK(bench.now - noon == Milliseconds(3000));
}

TEST_CASE("after a restart in the middle of a share, the same share is asked for again") {
  Pace pace = blue_green();
  pace.steps = {{0, 25, Milliseconds(1000), false}};
  Bench bench = begun(pace, hosts(1));
  while (bench.queue.front().stage != HostStage::attached) {
    const Action action = bench.queue.front();
    bench.queue.pop_front();
    bench.answer(action);
  }
  Machine reborn(bench.machine.pace(), bench.machine.progress());
  const auto actions = reborn.again(noon);
  REQUIRE(actions.size() == 1);
  CHECK(actions[0].weight == 25);
}

TEST_CASE("after a restart the steps in work are asked for again with time for at least one look") {
  Bench bench = begun(Pace{}, hosts(1));
  const Time later = noon + std::chrono::hours(5);
  Machine reborn(bench.machine.pace(), bench.machine.progress());
  const auto actions = reborn.again(later);
  REQUIRE(actions.size() == 1);
  CHECK(actions[0].kind == Action::Kind::reach);
  CHECK(actions[0].stage == HostStage::pulled);
  CHECK(actions[0].deadline > later);
}

TEST_CASE("going back to nothing leaves a host that does not serve") {
  Pace pace;
  pace.has_previous = false;
  Bench bench = begun(pace, hosts(1, Health::unhealthy));
  bench.fails = {"h1:forward:healthy"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.host(1).health == Health::unhealthy);
}

TEST_CASE("a migration runs on one host that serves, after every pull and before any host is changed") {
  Pace pace;
  pace.migrates = true;
  Progress first = hosts(3);
  first.hosts[0].health = Health::unhealthy;
  Bench bench = begun(pace, first);
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(std::count(bench.trace.begin(), bench.trace.end(), "h2:migrate") == 1);
  CHECK(bench.trace[3] == "h2:migrate");
  CHECK(bench.trace[4] == "h1:forward:created");
}

TEST_CASE("a migration that fails ends the rollout with no host changed, whatever failure_action says") {
  Pace pace;
  pace.migrates = true;
  pace.on_failure = GENERATE(FailureAction::roll_back, FailureAction::pause, FailureAction::go_on);
  Bench bench = begun(pace, hosts(2));
  bench.migration_fails = true;
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.machine.progress().reason == "migration on host h1: it broke; no host was changed");
  CHECK(bench.trace.size() == 3);
}

TEST_CASE("a rollback, an alarm or a deadline in the middle of a migration waits for its end") {
  Pace pace;
  pace.migrates = true;
  pace.deadline = Milliseconds(1);
  const auto event =
      GENERATE(as<Event>(), event::Asked{Verb::roll_back, "ann"}, event::Alarm{"x"}, event::PastDeadline{});
  Bench bench = begun(pace, hosts(2));
  bench.stop_at = Stage::migrating;
  bench.run();
  bench.now += Milliseconds(5);
  bench.feed(event);
  CHECK(bench.stage() == Stage::migrating);
  CHECK_FALSE(bench.machine.accepts(Verb::roll_back));
  bench.stop_at = Stage::succeeded;
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK_FALSE(bench.machine.progress().reason.empty());
  CHECK(bench.host(1).batch == 0);
}

TEST_CASE("after a restart in the middle of a migration it is asked for on the same host") {
  Pace pace;
  pace.migrates = true;
  Bench bench = begun(pace, hosts(2));
  bench.stop_at = Stage::migrating;
  bench.run();
  Progress kept = bench.machine.progress();
  kept.hosts[0].health = Health::unknown;
  Machine reborn(pace, kept);
  const auto actions = reborn.again(noon);
  REQUIRE(actions.size() == 1);
  CHECK(actions[0].kind == Action::Kind::migrate);
  CHECK(actions[0].host == "h1");
}

TEST_CASE("a step has the time of its hooks beyond its own") {
  Pace pace;
  pace.hook_times[HostStage::created] = Milliseconds(7000);
  Bench bench = begun(pace, hosts(1));
  bench.stop_at = Stage::batch;
  bench.run();
  CHECK(bench.host(1).deadline == noon + pace.step_deadline + Milliseconds(7000));
}

TEST_CASE("after a restart a step has the time of its hooks anew, which may not have begun") {
  Pace pace;
  pace.hook_times[HostStage::created] = std::chrono::minutes(5);
  Bench bench = begun(pace, hosts(1));
  bench.stop_at = Stage::batch;
  bench.run();
  const Time later = noon + std::chrono::hours(5);
  Machine reborn(pace, bench.machine.progress());
  const auto actions = reborn.again(later);
  REQUIRE(actions.size() == 1);
  CHECK(actions[0].stage == HostStage::created);
  CHECK(actions[0].deadline > later + std::chrono::minutes(5));
}

TEST_CASE("going back, the start has the time that old containers take to end that are being stopped") {
  Pace pace;
  pace.order = Order::stop_first;
  pace.stop_deadline = Milliseconds(700'000);
  Bench bench = begun(pace, hosts(1));
  bench.fails = {"h1:forward:healthy"};
  std::map<Heading, Milliseconds> given;
  while (!bench.queue.empty()) {
    const Action action = bench.queue.front();
    bench.queue.pop_front();
    const bool starts = action.kind == Action::Kind::reach && action.stage == HostStage::started;
    if (starts) given[action.heading] = action.deadline - bench.now;
    bench.answer(action);
  }
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(given[Heading::forward] == pace.step_deadline + pace.health_deadline);
  CHECK(given[Heading::back] == pace.step_deadline + pace.health_deadline + pace.stop_deadline);
}

TEST_CASE("an alarm rolls back whatever a rollout in work is at") {
  Pace pace;
  pace.monitor = Milliseconds(1000);
  pace.on_failure = FailureAction::go_on;
  for (const Stage at : {Stage::waiting, Stage::pulling, Stage::batch, Stage::baking}) {
    CAPTURE(name_of(at));
    Progress first = hosts(2);
    if (at == Stage::waiting) first.hosts[0].lost = first.hosts[1].lost = true;
    Bench bench = begun(pace, first);
    bench.stop_at = at;
    bench.run();
    REQUIRE(bench.stage() == at);
    bench.stop_at = Stage::succeeded;
    bench.feed(event::Alarm{"errors is 2, above 1"});
    bench.run();
    CHECK(bench.stage() == Stage::rolled_back);
    CHECK(bench.machine.progress().reason == "alarm: errors is 2, above 1");
    CHECK(bench.promoted == 0);
  }
}

TEST_CASE("an alarm that is to pause halts before the next host, and a person lets it go on") {
  Pace pace;
  pace.on_alarm = FailureAction::pause;
  pace.monitor = Milliseconds(1000);
  Bench bench = begun(pace, hosts(2));
  bench.stop_at = Stage::baking;
  bench.run();
  bench.feed(event::Alarm{"errors"});
  CHECK(bench.stage() == Stage::paused);
  CHECK(bench.machine.progress().reason == "alarm: errors");
  CHECK(bench.host(2).batch == 0);
  bench.queue.clear();
  bench.feed(event::Asked{Verb::resume, "ann"});
  bench.stop_at = Stage::succeeded;
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
}

TEST_CASE("an alarm means nothing to a rollback, nor after the promotion") {
  Pace back;
  back.may_roll_back = false;
  Bench rollback = begun(back, hosts(1));
  rollback.feed(event::Alarm{"errors"});
  rollback.run();
  CHECK(rollback.stage() == Stage::succeeded);
  Bench bench = begun(Pace{}, hosts(1));
  bench.stop_at = Stage::finalizing;
  bench.run();
  bench.feed(event::Alarm{"errors"});
  CHECK(bench.stage() == Stage::finalizing);
}

TEST_CASE("a rollout that does not end before its deadline goes back, also while it is paused") {
  Pace pace;
  pace.deadline = Milliseconds(60'000);
  pace.on_failure = FailureAction::pause;
  Bench bench = begun(pace, hosts(2));
  bench.feed(event::Asked{Verb::pause, "ann"});
  bench.stop_at = Stage::paused;
  bench.run();
  REQUIRE(bench.stage() == Stage::paused);
  bench.stop_at = Stage::succeeded;
  bench.now = noon + Milliseconds(59'999);
  bench.feed(event::PastDeadline{});
  CHECK(bench.stage() == Stage::paused);
  bench.now = noon + Milliseconds(60'000);
  bench.feed(event::PastDeadline{});
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.machine.progress().reason == "it did not end before its deadline of 1m");
}

TEST_CASE("after a restart the deadline is the one that was set when the rollout began") {
  Pace pace;
  pace.deadline = Milliseconds(60'000);
  Bench bench = begun(pace, hosts(1));
  Machine reborn(bench.machine.pace(), bench.machine.progress());
  const auto actions = reborn.again(noon + Milliseconds(50'000));
  const auto limit =
      std::find_if(actions.begin(), actions.end(), [](const Action& a) { return a.kind == Action::Kind::limit; });
  REQUIRE(limit != actions.end());
  CHECK(limit->deadline == noon + Milliseconds(60'000));
}

TEST_CASE("all stages have names that read back") {
  for (int i = 0; i <= static_cast<int>(Stage::rollback_failed); ++i) {
    CHECK(stage_of(name_of(static_cast<Stage>(i))) == static_cast<Stage>(i));
  }
  for (int i = 0; i <= static_cast<int>(HostStage::committed); ++i) {
    CHECK(host_stage_of(name_of(static_cast<HostStage>(i))) == static_cast<HostStage>(i));
  }
  CHECK_FALSE(stage_of("loading"));
}

TEST_CASE("a rollout whose application another daemon has taken over ends at once, and nothing is brought back") {
  Bench bench(Pace(), hosts(3));
  bench.stop_at = Stage::batch;
  bench.feed(event::Begun{});
  bench.run();
  REQUIRE(bench.stage() == Stage::batch);
  const auto actions = bench.machine.on(event::Ousted{"h1", "its lease is 5"}, bench.now);
  CHECK(actions.empty());
  CHECK(bench.stage() == Stage::failed);
  CHECK(bench.machine.progress().reason == "host h1: its lease is 5; hosts are left to it as they are");
  CHECK(bench.machine.on(event::Reached{"h1", HostStage::created}, bench.now).empty());
}

TEST_CASE("a host that is left is emptied when all others have the new generation, and does not serve from then on") {
  Pace pace;
  const int way = GENERATE(0, 1, 2);
  pace.order = way == 0 ? Order::stop_first : Order::start_first;
  pace.together = way == 2;
  pace.batch_size = 3;
  pace.min_healthy = 1;
  Bench bench = begun(pace, with_one_left(3));
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  const auto at = [&](const std::string& step) {
    return std::find(bench.trace.begin(), bench.trace.end(), step) - bench.trace.begin();
  };
  const std::string last = pace.order == Order::start_first ? "old_stopped" : "attached";
  CHECK(at("h1:forward:" + last) < at("h3:forward:created"));
  CHECK(at("h2:forward:" + last) < at("h3:forward:created"));
  CHECK(bench.steps_of("h3").back() == "forward:committed");
  CHECK(bench.host(1).health == Health::healthy);
  CHECK(bench.host(3).health == Health::unhealthy);
  CHECK(bench.host(3).batch == 2);
}

TEST_CASE("a host that is left stays as it is while another one does without the new generation") {
  Pace pace;
  pace.batch_size = 3;
  pace.max_failure_ratio = 0.5;
  pace.min_healthy = 1;
  Bench bench = begun(pace, with_one_left(3));
  SECTION("as it does not answer") {
    bench.loses = {"h2:forward:created"};
  }
  SECTION("as it did not work out there") {
    bench.fails = {"h2:forward:healthy"};
  }
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(bench.steps_of("h3") == std::vector<std::string>{"forward:pulled"});
  CHECK(bench.host(3).batch == 0);
  CHECK(bench.host(3).health == Health::healthy);
  CHECK(bench.host(3).reason == "keeps what it has until all others have the new generation");
}

TEST_CASE("an application is not moved to a host that does not answer") {
  Progress first = with_one_left(2);
  SECTION("from the beginning: it is waited for") {
    first.hosts[0].lost = true;
    Bench bench = begun(Pace{}, first);
    CHECK(bench.stage() == Stage::waiting);
    bench.run();
    bench.now = *bench.machine.progress().until;
    bench.feed(event::TimeUp{});
    CHECK(bench.stage() == Stage::rolled_back);
    CHECK(bench.steps_of("h2").empty());
  }
  SECTION("in the middle: what serves stays") {
    Bench bench = begun(Pace{}, first);
    bench.loses = {"h1:forward:healthy"};
    bench.run();
    CHECK(bench.stage() == Stage::rolled_back);
    CHECK(bench.machine.progress().reason.starts_with("no host could be brought to the new generation"));
    CHECK(bench.host(2).batch == 0);
    CHECK(bench.host(2).health == Health::healthy);
  }
}

TEST_CASE("in the end min_healthy hosts serve of those that the new generation is for") {
  Pace pace;
  pace.min_healthy = 2;
  Bench bench = begun(pace, with_one_left(3));
  bench.loses = {"h2:forward:old_stopped"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.machine.progress().reason.starts_with("only 1 hosts serve, min_healthy is 2"));
  CHECK(bench.host(3).batch == 0);
  CHECK(bench.promoted == 0);
}

TEST_CASE("a host that is left is brought back like the others") {
  Bench bench = begun(Pace{}, with_one_left(2));
  bench.fails = {"h2:forward:old_stopped"};
  bench.run();
  CHECK(bench.stage() == Stage::rolled_back);
  CHECK(bench.host(1).health == Health::healthy);
  CHECK(bench.host(2).health == Health::healthy);
  CHECK(bench.steps_of("h2").back() == "back:old_stopped");
}

TEST_CASE("a migration does not run on a host that is left, also if that is the only one which serves") {
  Pace pace;
  pace.migrates = true;
  Progress first = with_one_left(2);
  first.hosts[0].health = Health::unhealthy;
  Bench bench = begun(pace, first);
  bench.run();
  CHECK(bench.stage() == Stage::succeeded);
  CHECK(std::count(bench.trace.begin(), bench.trace.end(), "h1:migrate") == 1);
}
