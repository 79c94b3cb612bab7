// Walks every order of answers, failures, losses, wishes and restarts that small rollouts can meet, and holds each
// state to what a rollout promises.
#include <algorithm>
#include <map>
#include <sstream>
#include <vector>

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/machine.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

struct Walker {
  Progress progress;
  std::vector<Action> open;  ///< asked for, not answered yet
  int promoted = 0;
  int wishes = 1;    ///< that may still be made
  int troubles = 2;  ///< failures and losses that may still happen
  int restarts = 1;
};

std::string key_of(const Walker& walker) {
  std::ostringstream key;
  const Progress& p = walker.progress;
  key << int(p.stage) << int(p.phase) << p.step << p.waits << p.batch << p.pause_asked << p.stop_asked << p.hurry
      << p.turn_round << int(p.scope) << p.migrator << '/' << walker.promoted << walker.wishes << walker.troubles
      << walker.restarts;
  for (const auto& h : p.hosts) {
    key << '|' << int(h.stage) << int(h.heading) << (h.reaching ? int(*h.reaching) : -1) << int(h.health) << h.batch
        << h.failed << h.lost << h.restore_failed;
  }
  std::vector<std::string> open;
  for (const auto& action : walker.open) open.push_back(std::to_string(int(action.kind)) + action.host);
  std::sort(open.begin(), open.end());
  for (const auto& one : open) key << ',' << one;
  return key.str();
}

class Walk {
 public:
  /// Of `hosts`, the last `left` are those that the new generation is not for.
  Walk(Pace pace, std::size_t hosts, Health health, std::size_t left = 0) : pace_(pace) {
    Walker first;
    for (std::size_t i = 1; i <= hosts; ++i) {
      HostProgress host;
      host.host = "h" + std::to_string(i);
      host.health = health;
      host.leaves = i + left > hosts;
      first.progress.hosts.push_back(host);
    }
    step(first, event::Begun{});
    while (!todo_.empty()) {
      const Walker walker = std::move(todo_.back());
      todo_.pop_back();
      expand(walker);
    }
  }
  std::size_t states() const { return seen_.size(); }
  std::size_t ends(Stage stage) const { return ends_.contains(stage) ? ends_.at(stage) : 0; }

 private:
  void step(Walker walker, const Event& event) {
    Machine machine(pace_, walker.progress);
    const auto actions = machine.on(event, time_);
    absorb(std::move(walker), machine, actions);
  }

  void absorb(Walker walker, const Machine& machine, const std::vector<Action>& actions) {
    walker.progress = machine.progress();
    for (const Action& action : actions) {
      if (action.kind == Action::Kind::reach && action.stage == HostStage::created) check_leaving(walker, action);
      if (action.kind == Action::Kind::promote) {
        ++walker.promoted;
      } else {
        walker.open.push_back(action);
      }
    }
    // A wait or watch that the stage has left behind is over.
    std::erase_if(walker.open, [&](const Action& a) {
      return (a.kind == Action::Kind::watch && walker.progress.stage != Stage::baking) ||
             (a.kind == Action::Kind::wait && walker.progress.stage != Stage::waiting);
    });
    std::erase_if(walker.open, [](const Action& a) { return a.kind == Action::Kind::limit; });
    check(walker);
    if (!seen_.insert(key_of(walker)).second) return;
    if (is_end(walker.progress.stage)) {
      ++ends_[walker.progress.stage];
    } else {
      todo_.push_back(std::move(walker));
    }
  }

  void expand(const Walker& walker) {
    for (std::size_t i = 0; i < walker.open.size(); ++i) answer(walker, i);
    if (walker.wishes > 0) {
      for (const Verb verb : {Verb::pause, Verb::stop, Verb::roll_back, Verb::promote_all}) wish(walker, verb);
    }
    if (walker.progress.stage == Stage::paused) {
      for (const Verb verb : {Verb::resume, Verb::roll_back, Verb::stop, Verb::promote})
        step(walker, event::Asked{verb, "ann"});
    }
    if (walker.wishes > 0) {
      outside(walker, event::Alarm{"errors"});
      if (pace_.deadline.count() > 0) outside(walker, event::PastDeadline{});
    }
    if (walker.restarts > 0) restart(walker);
  }

  void answer(const Walker& before, std::size_t i) {
    Walker walker = before;
    const Action action = walker.open[i];
    walker.open.erase(walker.open.begin() + static_cast<std::ptrdiff_t>(i));
    if (action.kind == Action::Kind::wait || action.kind == Action::Kind::watch) {
      if (walker.troubles > 0 && action.kind == Action::Kind::watch) sicken(before);
      time_ = std::max(time_, action.deadline);
      return step(walker, event::TimeUp{});
    }
    if (action.kind == Action::Kind::migrate) {
      step(walker, event::Migrated{});
      if (walker.troubles == 0) return;
      --walker.troubles;
      return step(walker, event::MigrationFailed{"broke"});
    }
    if (action.kind == Action::Kind::cancel) {
      std::erase_if(walker.open,
                    [&](const Action& a) { return a.kind == Action::Kind::reach && a.host == action.host; });
      return step(walker, event::Cancelled{action.host});
    }
    std::erase_if(walker.open,
                  [&](const Action& a) { return a.kind == Action::Kind::cancel && a.host == action.host; });
    step(walker, event::Reached{action.host, action.stage});
    if (walker.troubles == 0) return;
    --walker.troubles;
    step(walker, event::Failed{action.host, "broke"});
    step(walker, event::Lost{action.host, "no answer"});
  }

  void sicken(Walker walker) {
    --walker.troubles;
    for (const auto& host : walker.progress.hosts) {
      step(walker, event::Seen{host.host, Health::unhealthy, "sick"});
      step(walker, event::Seen{host.host, Health::unknown, "silent"});
    }
  }

  void wish(Walker walker, Verb verb) {
    --walker.wishes;
    step(walker, event::Asked{verb, "ann"});
  }

  /// Counts as a wish, so that walks end.
  void outside(Walker walker, const Event& event) {
    --walker.wishes;
    Machine machine(pace_, walker.progress);
    const auto actions = machine.on(event, time_ + pace_.deadline);
    absorb(std::move(walker), machine, actions);
  }

  void restart(Walker walker) {
    --walker.restarts;
    walker.open.clear();
    Machine machine(pace_, walker.progress);
    const auto actions = machine.again(time_);
    absorb(std::move(walker), machine, actions);
  }

  void check(const Walker& walker) {
    const Progress& p = walker.progress;
    std::size_t forward = 0, busy = 0, asked = 0;
    for (const auto& host : p.hosts) {
      busy += host.reaching.has_value() ? 1 : 0;
      forward += host.reaching && host.heading == Heading::forward && host.batch != 0 && !is_end(p.stage) &&
                         p.stage != Stage::finalizing
                     ? 1
                     : 0;
      if (host.stage == HostStage::committed && !host.reaching) REQUIRE(walker.promoted == 1);
    }
    for (const auto& action : walker.open) asked += action.kind == Action::Kind::reach ? 1 : 0;
    // Every step in work has been asked for exactly once: none is forgotten, none done twice.
    REQUIRE(busy == asked);
    REQUIRE(forward <= pace_.batch_size);
    // Without trouble, hosts are only taken out as far as min_healthy allows.
    std::size_t serving = 0;
    for (const auto& host : p.hosts) serving += host.health == Health::healthy ? 1 : 0;
    if (walker.troubles == 2) REQUIRE(serving >= std::min(pace_.min_healthy, p.hosts.size()));
    REQUIRE(walker.promoted <= 1);
    // Nothing stands still: something is asked for, or a person is.
    const bool moves = is_end(p.stage) || p.stage == Stage::paused || !walker.open.empty();
    if (!moves) FAIL("stuck in " << name_of(p.stage) << " at " << key_of(walker));
    if (is_end(p.stage)) check_end(walker);
  }

  /// A host that is left serves until all others do in its place.
  void check_leaving(const Walker& walker, const Action& action) const {
    const auto& hosts = walker.progress.hosts;
    const auto about = std::find_if(hosts.begin(), hosts.end(), [&](const auto& h) { return h.host == action.host; });
    if (!about->leaves || action.heading == Heading::back) return;
    for (const auto& host : hosts) {
      if (host.leaves || walker.restarts == 0) continue;  // asked for again: the others may be lost by now
      REQUIRE(host.heading == Heading::forward);
      REQUIRE_FALSE((host.failed || host.lost || host.reaching.has_value()));
      REQUIRE(after(host.stage, pace_.order) == HostStage::committed);
    }
  }

  void check_end(const Walker& walker) const {
    const Progress& p = walker.progress;
    const bool served = std::any_of(p.hosts.begin(), p.hosts.end(), [&](const auto& h) {
      return !h.leaves && h.heading == Heading::forward && !h.failed && h.batch != 0;
    });
    if (p.stage == Stage::succeeded) REQUIRE(served);
    REQUIRE((walker.promoted == 1) == (p.stage == Stage::succeeded));
    if (p.stage != Stage::succeeded && p.stage != Stage::stopped) REQUIRE_FALSE(p.reason.empty());
    if (pace_.scope == BackScope::all) REQUIRE(p.stage != Stage::failed);
    const bool left = p.scope == BackScope::none && p.stage != Stage::succeeded;
    for (const auto& host : p.hosts) {
      REQUIRE_FALSE(host.reaching.has_value());
      const bool between = pace_.together && p.stage == Stage::stopped;  // of two phases
      const bool whole =
          between || host.stage == HostStage::committed || after(host.stage, pace_.order) == HostStage::committed;
      const bool excused = host.lost || host.restore_failed || host.batch == 0 || left;
      if (pace_.may_roll_back && !whole && !excused) FAIL(host.host << " is half way at " << key_of(walker));
      if (p.stage == Stage::rolled_back && host.batch != 0) REQUIRE(host.heading == Heading::back);
      if (!pace_.may_roll_back) REQUIRE(host.heading == Heading::forward);
    }
  }

  Pace pace_;
  Time time_{Milliseconds(1'764'000'000'000)};
  std::set<std::string> seen_;
  std::map<Stage, std::size_t> ends_;
  std::vector<Walker> todo_;
};

}  // namespace

TEST_CASE("whatever happens in whatever order, a rollout moves on, keeps its promises and ends whole") {
  const auto order = GENERATE(Order::start_first, Order::stop_first);
  const auto action = GENERATE(FailureAction::roll_back, FailureAction::pause, FailureAction::go_on);
  const auto monitor = GENERATE(Milliseconds(0), Milliseconds(1000));
  const auto batch = GENERATE(std::size_t(1), std::size_t(2));
  Pace pace;
  pace.order = order;
  pace.on_failure = action;
  pace.monitor = monitor;
  pace.batch_size = batch;
  pace.min_healthy = 1;
  pace.on_alarm = action == FailureAction::go_on ? FailureAction::pause : FailureAction::roll_back;
  pace.migrates = batch == 2;
  if (batch == 1) pace.deadline = Milliseconds(60'000);
  CAPTURE(name_of(order), name_of(action), monitor.count(), batch);
  const Walk walk(pace, 2, Health::healthy);
  CHECK(walk.states() > 500);
  CHECK(walk.ends(Stage::succeeded) > 0);
  CHECK(walk.ends(Stage::rolled_back) > 0);
  CHECK(walk.ends(Stage::rollback_failed) > 0);
  CHECK(walk.ends(Stage::stopped) > 0);
}

TEST_CASE("whatever happens in whatever order, a scope of failed leaves no host half way, and none brings none back") {
  Pace pace;
  pace.order = GENERATE(Order::start_first, Order::stop_first);
  pace.scope = GENERATE(BackScope::failed, BackScope::none);
  pace.monitor = Milliseconds(1000);
  pace.batch_size = GENERATE(std::size_t(1), std::size_t(2));
  pace.min_healthy = 1;
  pace.migrates = pace.batch_size == 2;
  CAPTURE(name_of(pace.order), name_of(pace.scope), pace.batch_size);
  const Walk walk(pace, 2, Health::healthy);
  CHECK(walk.ends(Stage::succeeded) > 0);
  CHECK(walk.ends(Stage::failed) > 0);
  CHECK(walk.ends(Stage::rolled_back) > 0);  // at a person's word
}

TEST_CASE("whatever happens in whatever order, a rollback ends and never turns round") {
  Pace pace;
  pace.order = GENERATE(Order::start_first, Order::stop_first);
  pace.may_roll_back = false;
  pace.batch_size = 2;
  pace.min_healthy = 1;
  const Walk walk(pace, 2, Health::healthy);
  CHECK(walk.ends(Stage::succeeded) > 0);
  CHECK(walk.ends(Stage::rollback_failed) > 0);
  CHECK(walk.ends(Stage::rolled_back) == 0);
}

TEST_CASE("whatever happens in whatever order, blue-green and weighted canaries keep the same promises") {
  Pace pace;
  pace.together = true;
  pace.batch_size = 2;
  pace.min_healthy = 1;
  pace.on_failure = GENERATE(FailureAction::roll_back, FailureAction::pause, FailureAction::go_on);
  pace.bake = GENERATE(Milliseconds(0), Milliseconds(1000));
  pace.ask_to_switch = GENERATE(false, true);
  if (pace.bake.count() > 0) pace.steps = {{0, 10, Milliseconds(1000), false}, {0, 50, Milliseconds(0), true}};
  CAPTURE(name_of(pace.on_failure), pace.bake.count(), pace.ask_to_switch);
  const Walk walk(pace, 2, Health::healthy);
  CHECK(walk.ends(Stage::succeeded) > 0);
  CHECK(walk.ends(Stage::rolled_back) > 0);
  CHECK(walk.ends(Stage::stopped) > 0);
}

TEST_CASE("whatever happens in whatever order, a canary over hosts keeps the same promises") {
  Pace pace;
  pace.order = GENERATE(Order::start_first, Order::stop_first);
  pace.batch_size = 2;
  pace.min_healthy = 1;
  pace.steps = {{1, 0, Milliseconds(1000), GENERATE(false, true)}};
  const Walk walk(pace, 2, Health::healthy);
  CHECK(walk.ends(Stage::succeeded) > 0);
  CHECK(walk.ends(Stage::rolled_back) > 0);
}

TEST_CASE("whatever happens in whatever order, a host is left only where others serve in its place") {
  Pace pace;
  const int way = GENERATE(0, 1, 2, 3, 4);
  pace.order = way < 2 ? Order::stop_first : Order::start_first;
  pace.may_roll_back = way != 1 && way != 2;
  pace.together = way == 4;
  pace.on_failure = GENERATE(FailureAction::roll_back, FailureAction::go_on);
  pace.max_failure_ratio = pace.on_failure == FailureAction::go_on ? 0.5 : 0;
  pace.monitor = Milliseconds(1000);
  pace.batch_size = 2;
  pace.min_healthy = 1;
  CAPTURE(way, name_of(pace.on_failure));
  const Walk walk(pace, 2, Health::healthy, 1);
  CHECK(walk.ends(Stage::succeeded) > 0);
  CHECK(walk.ends(pace.may_roll_back ? Stage::rolled_back : Stage::rollback_failed) > 0);
}
