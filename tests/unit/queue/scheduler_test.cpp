#include "orchestrator/queue/scheduler.hpp"

#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::queue;
using namespace slipway::store;

namespace {

/// A scheduler on an io_context of its own, which runs until something was seen.
class Rig {
 public:
  Rig(TemporaryStore& s, std::size_t runs, std::size_t runs_per_project = 0)
      : scheduler(io_.get_executor(), *s.store, clock_, {runs, runs_per_project},
                  {[this](RunId id) { started.push_back(id); }, [this](const Run& run) { stopped.push_back(run.id); },
                   [this] { return room; }}),
        tasks_(io_.get_executor()) {
    tasks_.spawn("scheduler", scheduler.run());
  }
  ~Rig() {
    tasks_.cancel();
    io_.run();
  }

  template <class Condition>
  void until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      REQUIRE(std::chrono::steady_clock::now() < give_up);
      io_.run_one_for(std::chrono::milliseconds(100));
    }
  }
  /// Until nothing has happened for a moment, so that what must not happen had its chance.
  void settle() {
    while (io_.run_one_for(std::chrono::milliseconds(60)) > 0) {
    }
  }

  std::vector<RunId> started;
  std::vector<RunId> stopped;
  bool room = true;

 private:
  asio::io_context io_;
  ManualClock clock_{kNoon};

 public:
  Scheduler scheduler;

 private:
  Tasks tasks_;
};

using RunIds = std::vector<RunId>;

}  // namespace

TEST_CASE("the scheduler starts what is queued, and the next when one has finished") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId first = add_run(s, project);
  const RunId second = add_run(s, project);
  Rig rig(s, 1);
  rig.until([&] { return !rig.started.empty(); });
  rig.settle();
  CHECK(rig.started == RunIds{first});
  CHECK(s.read(&Runs::get, first)->state == RunState::preparing);
  CHECK(s.read(&Runs::get, second)->state == RunState::queued);

  REQUIRE(s.write(&Runs::finish, first, Verdict::passed, "", kNoon));
  rig.until([&] { return rig.started.size() == 2; });
  CHECK(rig.started == RunIds{first, second});
}

TEST_CASE("a project without a limit of its own has at most as many runs at once as the daemon gives one") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId first = add_run(s, project);
  const RunId second = add_run(s, project);
  add_run(s, project);
  Rig rig(s, 4, 2);
  rig.until([&] { return rig.started.size() == 2; });
  rig.settle();
  CHECK(rig.started == RunIds{first, second});
}

TEST_CASE("after a restart the scheduler hands out what was under way, each run once") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId first = add_run(s, project);
  const RunId second = add_run(s, project);
  REQUIRE(s.write(&Runs::prepare, first, kNoon));
  s.reopen();
  Rig rig(s, 2);
  rig.until([&] { return rig.started.size() == 2; });
  rig.settle();
  CHECK(rig.started == RunIds{first, second});
}

TEST_CASE("a wish to stop a run that was started is passed on once") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  Rig rig(s, 1);
  rig.until([&] { return !rig.started.empty(); });
  REQUIRE(s.write(&Runs::cancel, run, "ann", kNoon));
  rig.until([&] { return !rig.stopped.empty(); });
  REQUIRE(s.write(&Runs::describe, run, "", "title", ""));
  rig.settle();
  CHECK(rig.stopped == RunIds{run});
}

TEST_CASE("a newer run of a branch begins beside the older one, and this is stopped only once it is replaced") {
  TemporaryStore s;
  Project project;
  project.name = "shop";
  project.settings.supersede = true;
  const ProjectId id = s.write(&Projects::add, project).value();
  Run run;
  run.project = id;
  run.supersede_key = "main";
  const RunId first = s.write(&Runs::add, run).value();
  Rig rig(s, 1);
  rig.until([&] { return !rig.started.empty(); });
  REQUIRE(s.write(&Runs::start, first, "{}", std::vector<Job>(), kNoon, kNoon));
  const RunId second = s.write(&Runs::add, run).value();
  rig.until([&] { return rig.started.size() == 2; });
  rig.settle();
  CHECK(rig.stopped.empty());

  REQUIRE(s.write(&Runs::finish, second, Verdict::skipped, "", kNoon));
  rig.settle();
  CHECK(rig.stopped.empty());
  const RunId third = s.write(&Runs::add, run).value();
  rig.until([&] { return rig.started.size() == 3; });
  REQUIRE(s.write(&Runs::replace_older, third, kNoon));
  rig.until([&] { return !rig.stopped.empty(); });
  CHECK(rig.stopped == RunIds{first});
  CHECK(rig.started == RunIds{first, second, third});
}

TEST_CASE("a held scheduler starts nothing until it is released") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  Rig rig(s, 1);
  rig.scheduler.hold();
  const RunId run = add_run(s, project);
  rig.settle();
  CHECK(rig.started.empty());
  rig.scheduler.release();
  rig.until([&] { return !rig.started.empty(); });
  CHECK(rig.started == RunIds{run});
}

TEST_CASE("while there is no room nothing new starts, and by itself when there is") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  Rig rig(s, 1);
  rig.room = false;
  const RunId run = add_run(s, project);
  rig.settle();
  CHECK(rig.started.empty());
  CHECK(s.read(&Runs::get, run)->state == RunState::queued);
  rig.room = true;
  rig.until([&] { return !rig.started.empty(); });
  CHECK(rig.started == RunIds{run});
}
