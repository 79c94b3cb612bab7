#include "orchestrator/store/old_runs.hpp"

#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/deliveries.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/images.hpp"
#include "orchestrator/store/rollouts.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

using Ids = std::vector<RunId>;
using std::chrono::days;

/// A store with a project; runs are numbered from 1, as their ids are.
struct History {
  History() : project(add_project(s)) {}

  RunId finished(Time at = kNoon) {
    const RunId run = add_run(s, project);
    REQUIRE(s.write(&Runs::finish, run, Verdict::passed, "", at));
    return run;
  }
  Ids many(int count, Time at = kNoon) {
    Ids runs;
    for (int i = 0; i < count; ++i) runs.push_back(finished(at));
    return runs;
  }
  Ids prune(std::int64_t runs, Milliseconds age = days(90), Time now = kNoon + days(1)) {
    RunRetention keep;
    keep.runs = runs;
    keep.age = age;
    return s.write(&OldRuns::prune, keep, now).value();
  }
  bool knows(RunId run) { return s.read(&Runs::get, run).has_value(); }

  TemporaryStore s;
  ProjectId project;
};

}  // namespace

TEST_CASE("of each project the newest runs stay, the oldest go first, a bounded number at a time") {
  History h;
  const Ids runs = h.many(30);
  const ProjectId other = add_project(h.s, "other");
  const RunId its = add_run(h.s, other);
  REQUIRE(h.s.write(&Runs::finish, its, Verdict::passed, "", kNoon));
  CHECK(h.prune(5) == Ids(runs.begin(), runs.begin() + 20));
  CHECK(h.prune(5) == Ids(runs.begin() + 20, runs.begin() + 25));
  CHECK(h.prune(5).empty());
  CHECK_FALSE(h.knows(runs[24]));
  CHECK(h.knows(runs[25]));
  CHECK(h.knows(its));
  const RunId next = h.finished();
  CHECK(h.s.read(&Runs::get, next)->number == 31);
}

TEST_CASE("runs that are too old go, but for the newest ten") {
  History h;
  const Ids old = h.many(12);
  const Ids young = h.many(3, kNoon + days(80));
  CHECK(h.prune(1000, days(90), kNoon + days(90)).empty());
  CHECK(h.prune(1000, days(90), kNoon + days(91)) == Ids(old.begin(), old.begin() + 5));
  CHECK(h.prune(1000, days(90), kNoon + days(900)).empty());
  CHECK(h.prune(2, days(90), kNoon + days(900)).size() == 8);
  CHECK(h.knows(young[1]));
}

TEST_CASE("nothing is left of a run that is forgotten, and what named it stays") {
  History h;
  Delivery delivery;
  delivery.project = h.project;
  delivery.decision = Decision::accepted;
  Run first;
  first.project = h.project;
  const Recorded filed = h.s.write(&Deliveries::record, delivery, std::vector<Run>{first}).value();
  const RunId run = filed.runs.front();
  REQUIRE(h.s.write(&Runs::prepare, run, kNoon));
  Job job;
  job.name = "unit";
  REQUIRE(h.s.write(&Runs::start, run, "{}", std::vector<Job>{job}, kNoon, kNoon));
  Attempt attempt;
  attempt.key = AttemptKey(run, "unit", "test", 1);
  attempt.container_name = "c";
  REQUIRE(h.s.write(&Attempts::intend, attempt));
  REQUIRE(h.s.write(&Attempts::exited, attempt.key, AttemptExit()));
  REQUIRE(h.s.write(&Attempts::removed, attempt.key));
  BuiltImage image;
  image.run = run;
  image.name = "app";
  REQUIRE(h.s.write(&Images::built, image));
  PushedImage push;
  push.run = run;
  push.image = "app";
  push.repository = "r.example/app";
  REQUIRE(h.s.write(&Images::intend_push, push));
  REQUIRE(h.s.write(&Runs::finish, run, Verdict::failed, "", kNoon));
  Run again;
  again.project = h.project;
  again.rerun_of = run;
  const RunId rerun = h.s.write(&Runs::add, again).value();
  REQUIRE(h.s.write(&Runs::finish, rerun, Verdict::passed, "", kNoon));

  CHECK(h.prune(1) == Ids{run});
  CHECK_FALSE(h.knows(run));
  CHECK(h.s.read(&Attempts::list, run)->empty());
  CHECK(h.s.read(&Images::built_by, run)->empty());
  CHECK(h.s.read(&Images::pushed_by, run)->empty());
  EventFilter its;
  its.run = run;
  CHECK(h.s.read(&Events::list, its)->items.empty());
  CHECK_FALSE(h.s.read(&Deliveries::get, filed.delivery)->run);
  CHECK_FALSE(h.s.read(&Runs::get, rerun)->rerun_of);
}

TEST_CASE("a run that is still of use stays, however many newer ones there are") {
  History h;
  RunId useful;
  SECTION("it has not finished") {
    useful = add_run(h.s, h.project);
  }
  SECTION("a container of it may still be there") {
    useful = add_run(h.s, h.project);
    Attempt attempt;
    attempt.key = AttemptKey(useful, "unit", "test", 1);
    attempt.container_name = "c";
    REQUIRE(h.s.write(&Attempts::intend, attempt));
    REQUIRE(h.s.write(&Runs::finish, useful, Verdict::failed, "", kNoon));
  }
  SECTION("an unfinished rerun takes work over from it") {
    useful = h.finished();
    Run again;
    again.project = h.project;
    again.rerun_of = useful;
    REQUIRE(h.s.write(&Runs::add, again));
  }
  SECTION("it made what an application runs now") {
    useful = h.finished();
    REQUIRE(h.s.write(&Applications::ensure, "web", h.project, kNoon));
    Generation generation;
    generation.application = "web";
    generation.run = useful;
    const auto number = h.s.write(&Applications::add_generation, generation).value();
    Rollout rollout;
    rollout.application = "web";
    rollout.generation = number;
    const RolloutId id = h.s.write(&Rollouts::add, rollout).value();
    const auto fence = h.s.write(&Rollouts::lease, id, kNoon).value();
    REQUIRE(h.s.write(&Applications::promote, "web", number, fence, kNoon));
  }
  SECTION("a rollout of it is under way") {
    useful = h.finished();
    REQUIRE(h.s.write(&Applications::ensure, "web", h.project, kNoon));
    Generation generation;
    generation.application = "web";
    const auto number = h.s.write(&Applications::add_generation, generation).value();
    Rollout rollout;
    rollout.application = "web";
    rollout.generation = number;
    rollout.run = useful;
    rollout.job = "production";
    REQUIRE(h.s.write(&Rollouts::add, rollout));
  }
  const Ids newer = h.many(4);
  CHECK(h.prune(1) == Ids(newer.begin(), newer.end() - 1));
  CHECK(h.knows(useful));
}

TEST_CASE("which runs the store knows nothing of can be asked") {
  History h;
  const RunId run = h.finished();
  CHECK(h.s.read(&OldRuns::unknown, Ids{RunId(77), run, RunId(3)}).value() == Ids{RunId(77), RunId(3)});
}
