#include "orchestrator/runs/machine.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

constexpr Time kStart{std::chrono::hours(1)};
constexpr Time kLater = kStart + 1s;

const Outcome kPassed;
const Outcome kFailed{Verdict::failed, "exit code 1"};
const Outcome kInterrupted{Verdict::interrupted, "container lost"};
const Outcome kError{Verdict::error, "registry down"};

JobNode job(std::string key, std::vector<std::size_t> needs = {}) {
  JobNode node;
  node.key = std::move(key);
  node.needs = std::move(needs);
  node.timeout = 10min;
  return node;
}

Graph chain(std::vector<JobNode> jobs, std::size_t images = 0) {
  Graph graph;
  graph.jobs = std::move(jobs);
  for (std::size_t i = 0; i < images; ++i) graph.images.push_back({"image" + std::to_string(i)});
  return graph;
}

/// Actions as text: "build 0, start unit#1, stop unit (timeout of 10m), finish unit passed, run passed".
std::string text(const Machine& machine, const Actions& actions) {
  struct Writer {
    const Graph& graph;
    std::string operator()(const BuildImage& a) const { return "build " + graph.images[a.image].key; }
    std::string operator()(const StopBuild& a) const { return "stop " + graph.images[a.image].key; }
    std::string operator()(const StartAttempt& a) const {
      return "start " + graph.jobs[a.job].key + "#" + std::to_string(a.attempt);
    }
    std::string operator()(const StopAttempt& a) const {
      return "stop " + graph.jobs[a.job].key + " (" + a.reason + ")";
    }
    std::string operator()(const FinishJob& a) const { return finish(graph.jobs[a.job].key, a.outcome); }
    std::string operator()(const FinishImage& a) const { return finish(graph.images[a.image].key, a.outcome); }
    static std::string finish(const std::string& what, const Outcome& outcome) {
      return "finish " + what + " " + std::string(name_of(outcome.verdict)) +
             (outcome.reason.empty() ? "" : " (" + outcome.reason + ")");
    }
    std::string operator()(const FinishRun& a) const { return "run " + std::string(name_of(a.outcome.verdict)); }
  };
  std::string all;
  for (const Action& action : actions) {
    if (!all.empty()) all += ", ";
    all += std::visit(Writer{machine.graph()}, action);
  }
  return all;
}

}  // namespace

TEST_CASE("jobs run in the order of what they need, side by side where they can") {
  Machine m(chain({job("a"), job("b"), job("c", {0, 1})}), {}, kStart);
  CHECK(text(m, m.resume(kStart)) == "start a#1, start b#1");
  CHECK(text(m, m.attempt_ended(1, 1, kPassed, kLater)) == "finish b passed");
  CHECK(text(m, m.attempt_ended(0, 1, kPassed, kLater)) == "finish a passed, start c#1");
  CHECK(text(m, m.attempt_ended(2, 1, kPassed, kLater)) == "finish c passed, run passed");
  CHECK(m.finished());
}

TEST_CASE("a failed job ends the chain behind it, not beside it") {
  Machine m(chain({job("a"), job("b"), job("after_a", {0}), job("after_b", {1}), job("last", {2})}), {}, kStart);
  m.resume(kStart);
  CHECK(text(m, m.attempt_ended(0, 1, kFailed, kLater)) ==
        "finish a failed (exit code 1), finish after_a skipped (job 'a' ended as failed), "
        "finish last skipped (job 'after_a' was skipped)");
  CHECK(text(m, m.attempt_ended(1, 1, kPassed, kLater)) == "finish b passed, start after_b#1");
  CHECK(text(m, m.attempt_ended(3, 1, kPassed, kLater)) == "finish after_b passed, run failed");
}

TEST_CASE("a condition decides by how the jobs before ended") {
  // The job before it, the condition's table, and what must come of it.
  struct Case {
    Outcome before;
    Condition condition;
    std::string expected;
  };
  const Condition success{true, false, false}, failure{false, true, false}, always{true, true, true},
      never{false, false, false};
  const Outcome skipped{Verdict::skipped, ""};
  const auto c = GENERATE_COPY(values<Case>({
      {kPassed, success, "start it#1"},
      {kPassed, failure, "finish it skipped (its condition is false), run passed"},
      {kPassed, always, "start it#1"},
      {kPassed, never, "finish it skipped (its condition is false), run passed"},
      {kFailed, success, "finish it skipped (job 'before' ended as failed), run failed"},
      {kFailed, failure, "start it#1"},
      {kFailed, always, "start it#1"},
      {kFailed, never, "finish it skipped (job 'before' ended as failed), run failed"},
      {kError, success, "finish it skipped (job 'before' ended as error), run error"},
      {kError, failure, "start it#1"},
      {kError, always, "start it#1"},
      {kInterrupted, success, "finish it skipped (job 'before' ended as interrupted), run interrupted"},
      {kInterrupted, failure, "start it#1"},
      {kInterrupted, always, "start it#1"},
      {skipped, success, "finish it skipped (job 'before' was skipped), run passed"},
      {skipped, failure, "finish it skipped (job 'before' was skipped), run passed"},
      {skipped, always, "start it#1"},
  }));
  JobNode it = job("it", {0});
  it.condition = c.condition;
  Machine m(chain({job("before"), it}), {}, kStart);
  m.resume(kStart);
  const std::string all = text(m, m.attempt_ended(0, 1, c.before, kLater));
  CHECK(all.substr(all.find(", ") + 2).find(c.expected) != std::string::npos);
}

TEST_CASE("a cleanup job sees a failure however far before it") {
  JobNode cleanup = job("cleanup", {2});
  cleanup.condition = {false, true, false};
  Machine m(chain({job("a"), job("b", {0}), job("c", {1}), cleanup}), {}, kStart);
  m.resume(kStart);
  const std::string all = text(m, m.attempt_ended(0, 1, kFailed, kLater));
  CHECK(all.ends_with("start cleanup#1"));
  CHECK(text(m, m.attempt_ended(3, 1, kPassed, kLater)) == "finish cleanup passed, run failed");
}

TEST_CASE("a diamond of many layers is decided at once") {
  std::vector<JobNode> jobs = {job("root")};
  for (std::size_t layer = 0; layer < 60; ++layer) {
    const std::size_t last = jobs.size() - 1;
    const std::vector<std::size_t> needs =
        layer == 0 ? std::vector<std::size_t>{0} : std::vector<std::size_t>{last, last - 1};
    jobs.push_back(job("left", needs));
    jobs.push_back(job("right", needs));
  }
  Machine m(chain(jobs), {}, kStart);
  m.resume(kStart);
  CHECK(m.attempt_ended(0, 1, kFailed, kLater).size() == jobs.size() + 1);
}

TEST_CASE("an image is built before the first job that uses it, once for all") {
  JobNode unit = job("unit"), lint = job("lint"), push = job("push", {0});
  unit.images = {0};
  lint.images = {0};
  push.images = {0};
  Machine m(chain({unit, lint, push}, 1), {}, kStart);
  CHECK(text(m, m.resume(kStart)) == "build image0");
  CHECK(text(m, m.image_ended(0, kPassed, kLater)) == "start unit#1, start lint#1");
  CHECK(text(m, m.attempt_ended(0, 1, kPassed, kLater)) == "finish unit passed, start push#1");
}

TEST_CASE("an image is not built for a job that is skipped") {
  JobNode deploy = job("deploy", {0});
  deploy.images = {0};
  Machine m(chain({job("unit"), deploy}, 1), {}, kStart);
  CHECK(text(m, m.resume(kStart)) == "start unit#1");
  CHECK(text(m, m.attempt_ended(0, 1, kFailed, kLater)) ==
        "finish unit failed (exit code 1), finish deploy skipped (job 'unit' ended as failed), "
        "finish image0 skipped (no job that ran needs it), run failed");
}

TEST_CASE("an image that no job uses is built, and its failure counts") {
  Machine m(chain({job("unit")}, 1), {}, kStart);
  CHECK(text(m, m.resume(kStart)) == "build image0, start unit#1");
  CHECK(text(m, m.attempt_ended(0, 1, kPassed, kLater)) == "finish unit passed");
  CHECK(text(m, m.image_ended(0, kFailed, kLater)) == "run failed");
}

TEST_CASE("a failed build skips the jobs that use it, and jobs for failures run") {
  JobNode unit = job("unit"), notify = job("notify", {0}), next = job("next", {0});
  unit.images = {0};
  notify.condition = {false, true, false};
  Machine m(chain({unit, notify, next}, 1), {}, kStart);
  m.resume(kStart);
  CHECK(text(m, m.image_ended(0, kFailed, kLater)) ==
        "finish unit skipped (image 'image0' was not built), start notify#1, "
        "finish next skipped (job 'unit' was skipped)");
  CHECK(text(m, m.attempt_ended(1, 1, kPassed, kLater)) == "finish notify passed, run failed");
}

TEST_CASE("an attempt is tried again by its rule and no more often") {
  struct Case {
    RetryRule rule;
    Outcome outcome;
    bool again;
  };
  const auto c = GENERATE(values<Case>({
      {{1, true, true}, kFailed, true},
      {{1, true, true}, kInterrupted, true},
      {{1, true, true}, kError, false},
      {{1, true, false}, kFailed, true},
      {{1, true, false}, kInterrupted, false},
      {{1, false, true}, kFailed, false},
      {{1, false, true}, kInterrupted, true},
      {{0, true, true}, kFailed, false},
      {{1, true, true}, kPassed, false},
  }));
  JobNode node = job("it");
  node.retry = c.rule;
  Machine m(chain({node}), {}, kStart);
  m.resume(kStart);
  const std::string all = text(m, m.attempt_ended(0, 1, c.outcome, kLater));
  CHECK((all == "start it#2") == c.again);
  if (!c.again) return;
  CHECK(m.jobs()[0].deadline == kLater + 10min);
  CHECK(text(m, m.attempt_ended(0, 2, c.outcome, kLater)).starts_with("finish it"));
  CHECK(m.finished());
}

TEST_CASE("the end of an attempt that is not the newest changes nothing") {
  JobNode node = job("it");
  node.retry = {2, true, true};
  Machine m(chain({node}), {}, kStart);
  CHECK(m.attempt_ended(0, 1, kPassed, kStart).empty());
  m.resume(kStart);
  m.attempt_ended(0, 1, kFailed, kLater);
  CHECK(m.attempt_ended(0, 1, kPassed, kLater).empty());
  CHECK(m.attempt_ended(0, 3, kPassed, kLater).empty());
  CHECK(text(m, m.attempt_ended(0, 2, kPassed, kLater)) == "finish it passed, run passed");
  CHECK(m.attempt_ended(0, 2, kFailed, kLater).empty());
}

TEST_CASE("an attempt is stopped at its deadline and has then failed") {
  JobNode node = job("it");
  Machine m(chain({node}), {}, kStart);
  m.resume(kStart);
  CHECK(m.next_deadline() == kStart + 10min);
  CHECK(m.tick(kStart + 9min).empty());
  CHECK(text(m, m.tick(kStart + 10min)) == "stop it (timeout of 10m)");
  CHECK(m.tick(kStart + 10min).empty());
  CHECK(text(m, m.attempt_ended(0, 1, kInterrupted, kStart + 11min)) ==
        "finish it failed (timeout of 10m), run failed");
}

TEST_CASE("a rollout that is to stop has time for its way back, though not for ever") {
  JobNode node = job("it");
  node.rolls_out = true;
  Machine m(chain({node}), {}, kStart);
  m.resume(kStart);
  CHECK(text(m, m.tick(kStart + 10min)) == "stop it (timeout of 10m)");
  CHECK(m.tick(kStart + 69min).empty());
  CHECK(text(m, m.tick(kStart + 70min)) == "finish it failed (timeout of 10m; its rollout goes on), run failed");
}

TEST_CASE("an attempt that passed while it was being stopped has passed") {
  Machine m(chain({job("it")}), {}, kStart);
  m.resume(kStart);
  m.tick(kStart + 10min);
  CHECK(text(m, m.attempt_ended(0, 1, kPassed, kStart + 11min)) == "finish it passed, run passed");
}

TEST_CASE("a stop that nothing confirms is given up, so a run always ends") {
  Machine m(chain({job("it")}), {}, kStart);
  m.resume(kStart);
  m.tick(kStart + 10min);
  CHECK(m.next_deadline() == kStart + 12min);
  CHECK(text(m, m.tick(kStart + 12min)) ==
        "finish it failed (timeout of 10m; the engine has not confirmed the stop), run failed");
}

TEST_CASE("cancelling stops what runs and starts nothing more") {
  JobNode always = job("always", {0}), unit = job("unit");
  always.condition = {true, true, true};
  unit.retry = {3, true, true};
  Machine m(chain({unit, always}), {}, kStart);
  m.resume(kStart);
  CHECK(text(m, m.cancel("cancelled by ann", kLater)) ==
        "stop unit (cancelled by ann), finish always cancelled (cancelled by ann)");
  CHECK(m.cancel("cancelled by bob", kLater).empty());
  CHECK(text(m, m.attempt_ended(0, 1, kFailed, kLater)) == "finish unit cancelled (cancelled by ann), run cancelled");
}

TEST_CASE("cancelling stops builds and waits for them") {
  JobNode unit = job("unit");
  unit.images = {0};
  Machine m(chain({unit}, 2), {}, kStart);
  CHECK(text(m, m.resume(kStart)) == "build image1, build image0");
  CHECK(text(m, m.cancel("no", kLater)) == "stop image0, stop image1, finish unit cancelled (no)");
  CHECK(m.image_ended(0, kError, kLater).empty());
  CHECK(text(m, m.image_ended(1, kPassed, kLater)) == "run cancelled");
}

TEST_CASE("a build that does not stop is given up") {
  Machine m(chain({}, 1), {}, kStart);
  m.resume(kStart);
  m.cancel("no", kLater);
  CHECK(m.next_deadline() == kLater + 2min);
  CHECK(text(m, m.tick(kLater + 2min)) == "finish image0 cancelled (no), run cancelled");
}

TEST_CASE("cancelling ends an image whose build has not begun") {
  JobNode deploy = job("deploy", {0});
  deploy.images = {0};
  Machine m(chain({job("unit"), deploy}, 1), {}, kStart);
  m.resume(kStart);
  CHECK(text(m, m.cancel("no", kLater)) ==
        "stop unit (no), finish image0 cancelled (no), finish deploy cancelled (no)");
}

TEST_CASE("cancelling before anything has started ends the run at once") {
  Machine m(chain({job("a"), job("b", {0})}), {}, kStart);
  m.engine_lost(kStart);
  CHECK(m.resume(kStart).empty());
  CHECK(text(m, m.cancel("no", kLater)) == "finish a cancelled (no), finish b cancelled (no), run cancelled");
}

TEST_CASE("a run over its own limit is stopped and has failed") {
  Limits limits;
  limits.run_timeout = 5min;
  Machine m(chain({job("a"), job("b", {0})}), limits, kStart);
  m.resume(kStart);
  CHECK(m.next_deadline() == kStart + 5min);
  CHECK(
      text(m, m.tick(kStart + 5min)) ==
      "stop a (the run took longer than its limit of 5m), finish b failed (the run took longer than its limit of 5m)");
  CHECK(text(m, m.attempt_ended(0, 1, kInterrupted, kStart + 5min)) ==
        "finish a failed (the run took longer than its limit of 5m), run failed");
}

TEST_CASE("while the engine is out nothing starts, and what runs is left alone") {
  JobNode unit = job("unit"), next = job("next", {0});
  next.images = {0};
  Machine m(chain({unit, next}, 2), {}, kStart);
  CHECK(text(m, m.engine_lost(kStart)) == "");
  CHECK(m.resume(kStart).empty());
  CHECK(text(m, m.engine_back(kLater)) == "build image1, start unit#1");
  CHECK(m.engine_lost(kLater).empty());
  CHECK(text(m, m.attempt_ended(0, 1, kPassed, kLater)) == "finish unit passed");
  CHECK(text(m, m.engine_back(kLater)) == "build image0");
}

TEST_CASE("a retry waits for the engine to come back") {
  JobNode node = job("it");
  node.retry = {1, false, true};
  Machine m(chain({node}), {}, kStart);
  m.resume(kStart);
  m.engine_lost(kLater);
  CHECK(m.attempt_ended(0, 1, kInterrupted, kLater).empty());
  CHECK_FALSE(m.finished());
  CHECK(text(m, m.engine_back(kLater)) == "start it#2");
}

TEST_CASE("no more jobs run side by side than there is room for") {
  Limits limits;
  limits.parallel_jobs = 2;
  Machine m(chain({job("a"), job("b"), job("c"), job("d")}), limits, kStart);
  CHECK(text(m, m.resume(kStart)) == "start a#1, start b#1");
  CHECK(text(m, m.attempt_ended(1, 1, kPassed, kLater)) == "finish b passed, start c#1");
  CHECK(text(m, m.attempt_ended(0, 1, kFailed, kLater)) == "finish a failed (exit code 1), start d#1");
}

TEST_CASE("the verdict of a run is its worst job's") {
  struct Case {
    Outcome a, b;
    std::string run;
  };
  const auto c = GENERATE(values<Case>({
      {kPassed, kPassed, "passed"},
      {kPassed, kFailed, "failed"},
      {kFailed, kInterrupted, "interrupted"},
      {kInterrupted, kError, "error"},
      {kError, kFailed, "error"},
      {kPassed, {Verdict::skipped, "x"}, "passed"},
  }));
  Machine m(chain({job("a"), job("b")}), {}, kStart);
  m.resume(kStart);
  m.attempt_ended(0, 1, c.a, kLater);
  CHECK(text(m, m.attempt_ended(1, 1, c.b, kLater)).ends_with("run " + c.run));
}

TEST_CASE("after a restart what was under way is asked for again with its number and deadline") {
  JobNode c = job("c", {1});
  c.images = {1};
  Machine m(chain({job("a"), job("b"), c}, 2), {}, kStart);
  JobState ended, running, waiting;
  ended.phase = Phase::ended;
  ended.attempt = 1;
  running.phase = Phase::running;
  running.attempt = 2;
  running.deadline = kStart + 3min;
  ImageState building, built;
  building.phase = Phase::running;
  built.phase = Phase::ended;
  m.restore({ended, running, waiting}, {building, built}, "");
  const Actions actions = m.resume(kLater);
  CHECK(text(m, actions) == "build image0, start b#2");
  CHECK(std::get<StartAttempt>(actions[1]).deadline == kStart + 3min);
  CHECK(text(m, m.attempt_ended(1, 2, kPassed, kLater)) == "finish b passed, start c#1");
}

TEST_CASE("a deadline that passed while the daemon was away is kept at the restart") {
  Machine m(chain({job("a")}), {}, kStart);
  JobState running;
  running.phase = Phase::running;
  running.attempt = 1;
  running.deadline = kStart + 3min;
  m.restore({running}, {}, "");
  CHECK(text(m, m.resume(kStart + 1h)) == "start a#1, stop a (timeout of 10m)");
  CHECK(text(m, m.attempt_ended(0, 1, kInterrupted, kStart + 1h)) == "finish a failed (timeout of 10m), run failed");
}

TEST_CASE("a run that was being cancelled goes on being cancelled after a restart") {
  Machine m(chain({job("a"), job("b", {0})}), {}, kStart);
  JobState running;
  running.phase = Phase::running;
  running.attempt = 1;
  running.deadline = kStart + 3min;
  m.restore({running, JobState{}}, {}, "cancelled by ann");
  CHECK(text(m, m.resume(kLater)) == "start a#1, stop a (cancelled by ann), finish b cancelled (cancelled by ann)");
  CHECK(text(m, m.attempt_ended(0, 1, kFailed, kLater)) == "finish a cancelled (cancelled by ann), run cancelled");
}

TEST_CASE("a run of which everything had ended before the restart finishes at once") {
  Machine m(chain({job("a")}), {}, kStart);
  JobState ended;
  ended.phase = Phase::ended;
  ended.attempt = 1;
  ended.outcome = kFailed;
  m.restore({ended}, {}, "");
  CHECK(text(m, m.resume(kLater)) == "run failed");
}

TEST_CASE("nothing that happens after the end of a run changes it") {
  Machine m(chain({job("a")}, 1), {}, kStart);
  m.resume(kStart);
  m.image_ended(0, kPassed, kLater);
  m.attempt_ended(0, 1, kPassed, kLater);
  REQUIRE(m.finished());
  CHECK(m.attempt_ended(0, 1, kFailed, kLater).empty());
  CHECK(m.image_ended(0, kFailed, kLater).empty());
  CHECK(m.cancel("late", kLater).empty());
  CHECK(m.engine_lost(kLater).empty());
  CHECK(m.engine_back(kLater).empty());
  CHECK(m.tick(kLater + 100h).empty());
  CHECK_FALSE(m.next_deadline());
}

namespace {

/// Drives a machine by a seed: each pending thing ends somehow, in any order, with cancels, losses and ticks between.
struct Chaos {
  explicit Chaos(unsigned number) : seed(number) {}
  unsigned next(unsigned below) {
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
  }
  unsigned seed;
};

Graph random_graph(Chaos& chaos) {
  Graph graph;
  for (unsigned i = chaos.next(3); i > 0; --i) graph.images.push_back({"image" + std::to_string(i)});
  for (unsigned i = 0, count = 1 + chaos.next(6); i < count; ++i) {
    JobNode node = job("job" + std::to_string(i));
    for (unsigned need = 0; need < i; ++need) {
      if (chaos.next(3) == 0) node.needs.push_back(need);
    }
    for (std::size_t image = 0; image < graph.images.size(); ++image) {
      if (chaos.next(3) == 0) node.images.push_back(image);
    }
    node.condition = {chaos.next(4) != 0, chaos.next(3) == 0, chaos.next(3) == 0};
    node.retry = {static_cast<int>(chaos.next(3)), chaos.next(2) == 0, chaos.next(2) == 0};
    graph.jobs.push_back(node);
  }
  return graph;
}

}  // namespace

TEST_CASE("whatever happens, a run ends, each job and image ends once, and no attempt starts twice") {
  for (unsigned seed = 1; seed <= 3000; ++seed) {
    CAPTURE(seed);
    Chaos chaos(seed);
    Limits limits;
    limits.parallel_jobs = 1 + chaos.next(3);
    Machine m(random_graph(chaos), limits, kStart);
    std::set<std::pair<std::size_t, int>> started, open;
    std::set<std::size_t> building, finished, not_built;
    bool run_finished = false;
    Time now = kStart;
    const auto perform = [&](const Actions& actions) {
      for (const Action& action : actions) {
        CHECK_FALSE(run_finished);
        if (const auto* a = std::get_if<StartAttempt>(&action)) {
          CHECK_FALSE(m.engine_out());
          CHECK(started.emplace(a->job, a->attempt).second);
          open.emplace(a->job, a->attempt);
        }
        if (const auto* a = std::get_if<BuildImage>(&action)) CHECK(building.insert(a->image).second);
        if (const auto* a = std::get_if<FinishJob>(&action)) CHECK(finished.insert(a->job).second);
        if (const auto* a = std::get_if<FinishImage>(&action)) CHECK(not_built.insert(a->image).second);
        if (std::get_if<FinishRun>(&action)) run_finished = true;
      }
      CHECK(open.size() <= limits.parallel_jobs + finished.size());
    };
    perform(m.resume(now));
    for (int step = 0; step < 1000 && !run_finished; ++step) {
      now += std::chrono::seconds(chaos.next(20));
      const Outcome outcome = std::array{kPassed, kPassed, kPassed, kFailed, kInterrupted, kError}[chaos.next(6)];
      switch (chaos.next(12)) {
        case 0:
          perform(m.engine_lost(now));
          break;
        case 1:
          perform(m.engine_back(now));
          break;
        case 2:
          perform(m.tick(now));
          break;
        case 3:
          if (chaos.next(20) == 0) perform(m.cancel("no", now));
          break;
        case 4:
        case 5:
          for (const std::size_t image : std::set(building)) perform(m.image_ended(image, outcome, now));
          break;
        default:
          if (open.empty()) break;
          auto which = open.begin();
          std::advance(which, chaos.next(static_cast<unsigned>(open.size())));
          const auto [index, attempt] = *which;
          open.erase(which);
          perform(m.attempt_ended(index, attempt, outcome, now));
      }
    }
    CHECK(run_finished);
    CHECK(finished.size() == m.jobs().size());
    for (const ImageState& image : m.images()) CHECK(image.phase == Phase::ended);
  }
}

TEST_CASE("while a job waits for people no deadline counts; when it goes on it has the time that it had left") {
  Limits limits;
  limits.run_timeout = 1h;
  Machine m(chain({job("deploy"), job("after", {0})}), limits, kStart);
  m.resume(kStart);
  CHECK_FALSE(m.hold(0, 2, kStart + 4min));
  CHECK(m.hold(0, 1, kStart + 4min));
  CHECK_FALSE(m.hold(0, 1, kStart + 5min));
  CHECK_FALSE(m.next_deadline());
  CHECK(text(m, m.tick(kStart + 72h)).empty());
  CHECK(m.release(0, 1, kStart + 72h));
  CHECK_FALSE(m.release(0, 1, kStart + 72h));
  CHECK(m.next_deadline() == kStart + 72h + 6min);
  CHECK(m.run_deadline() == kStart + 73h);
  CHECK(m.hold(0, 1, kStart + 72h + 5min));
  CHECK(m.release(0, 1, kStart + 80h));
  CHECK(text(m, m.tick(kStart + 80h + 59s)).empty());
  CHECK(text(m, m.tick(kStart + 80h + 1min)) == "stop deploy (timeout of 10m)");
}

TEST_CASE("an attempt whose time was over when it began to wait has none when it goes on") {
  Machine m(chain({job("deploy")}), {}, kStart);
  m.resume(kStart);
  CHECK(m.hold(0, 1, kStart + 11min));
  CHECK(m.release(0, 1, kStart + 72h));
  CHECK(text(m, m.tick(kStart + 72h)) == "stop deploy (timeout of 10m)");
}

TEST_CASE("a job that waits for people is cancelled like any other") {
  Machine m(chain({job("deploy")}), {}, kStart);
  m.resume(kStart);
  m.hold(0, 1, kStart);
  CHECK(text(m, m.cancel("cancelled by ann", kLater)) == "stop deploy (cancelled by ann)");
}

TEST_CASE("a job that waited for people when the daemon ended still does") {
  Machine m(chain({job("deploy")}), {}, kStart);
  JobState waiting;
  waiting.phase = Phase::running;
  waiting.attempt = 1;
  waiting.held = true;
  waiting.left = 3min;
  m.restore({waiting}, {}, "");
  CHECK(text(m, m.resume(kStart + 240h)) == "start deploy#1");
  CHECK_FALSE(m.next_deadline());
  CHECK(m.release(0, 1, kStart + 250h));
  CHECK(m.next_deadline() == kStart + 250h + 3min);
}
