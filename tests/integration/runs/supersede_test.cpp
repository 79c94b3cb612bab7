// Pushes to one branch of a project whose newer runs replace the older ones, with a queue in front of the runs.
#include "orchestrator/queue/scheduler.hpp"
#include "orchestrator/store/events.hpp"
#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/integration/runs/required.hpp"

using namespace slipway;
using namespace slipway::runs;

namespace {

/// Of a daemon, with room for one run.
class Queue {
 public:
  explicit Queue(MiniDaemon& daemon)
      : daemon_(daemon),
        scheduler_(daemon.io.get_executor(), *daemon.store, daemon.clock, {1, 0},
                   {[&daemon](RunId run) { daemon.service->start(run); },
                    [&daemon](const store::Run& run) { daemon.service->stop(run.id, store::stop_reason(run)); }}),
        tasks_(daemon.io.get_executor()) {
    store::Project project = required(daemon.run(daemon.store->read(&store::Projects::get, ProjectId(1))));
    project.settings.supersede = true;
    required(daemon.run(daemon.store->write(&store::Projects::update, std::move(project))));
    tasks_.spawn("scheduler", scheduler_.run());
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;
  ~Queue() {
    tasks_.cancel();
    while (tasks_.size() > 0) {
      daemon_.io.restart();
      daemon_.io.run_one_for(std::chrono::milliseconds(20));
    }
  }

  RunId push(const std::string& commit, const std::string& before) {
    store::Run row;
    row.project = ProjectId(1);
    row.event = store::Trigger::push;
    row.ref = "refs/heads/main";
    row.branch = "main";
    row.commit = commit;
    row.base_commit = before;
    row.trusted = true;
    row.supersede_key = row.ref;
    return required(daemon_.run(daemon_.store->write(&store::Runs::add, std::move(row))));
  }

 private:
  MiniDaemon& daemon_;
  queue::Scheduler scheduler_;
  Tasks tasks_;
};

const char* const kNone = "0000000000000000000000000000000000000000";

std::string for_sources(const std::string& script) {
  return "on: {push: {paths: [\"src/**\"]}}\njobs:\n  unit: {image: busybox, network: none, run: [\"" + script +
         "\"]}\n";
}

store::Run state_of(MiniDaemon& daemon, RunId id) {
  return required(daemon.run(daemon.store->read(&store::Runs::get, id)));
}

/// Queues the commit and lets its container run.
RunId push_and_run(MiniDaemon& daemon, Queue& queue, const std::string& commit) {
  const RunId run = queue.push(commit, kNone);
  until(daemon, "the first run's step runs", [&] {
    const auto attempts = daemon.attempts(run);
    return !attempts.empty() && attempts[0].state == store::AttemptState::running;
  });
  return run;
}

std::int64_t place_of(MiniDaemon& daemon, RunId run, const std::string& kind) {
  store::EventFilter filter;
  filter.run = run;
  for (const store::Event& event : required(daemon.run(daemon.store->read(&store::Events::list, filter))).items) {
    if (event.kind == kind) return event.seq;
  }
  FAIL("run " << to_string(run) << " has no event " << kind);
  return 0;
}

}  // namespace

TEST_CASE("a push that its pipeline leaves out stops no older run, one that it wants takes the older one's place") {
  const Site site;
  const std::string first = site.commit({{"slipway.yml", for_sources("sleep 1000")}, {"src/a", "1"}});
  MiniDaemon daemon(site);
  Queue queue(daemon);
  const RunId older = push_and_run(daemon, queue, first);

  const std::string second = site.commit({{"docs/a", "1"}});
  const RunId left_out = queue.push(second, first);
  CHECK(daemon.wait(left_out).verdict == store::Verdict::skipped);
  CHECK(state_of(daemon, older).state == store::RunState::running);
  CHECK_FALSE(state_of(daemon, older).cancel_requested);

  const std::string third = site.commit({{"slipway.yml", for_sources("true")}, {"src/a", "2"}});
  const RunId newer = queue.push(third, second);
  const store::Run passed = daemon.wait(newer);
  INFO(passed.reason);
  CHECK(passed.verdict == store::Verdict::passed);
  CHECK(state_of(daemon, older).verdict == store::Verdict::superseded);
  CHECK(state_of(daemon, older).superseded_by == newer);
  CHECK(place_of(daemon, older, "run.finished") < place_of(daemon, newer, "run.started"));
}

TEST_CASE("a run that takes another one's place is not lost when the daemon dies before that has ended") {
  const Site site;
  const std::string first = site.commit({{"slipway.yml", for_sources("sleep 1000")}, {"src/a", "1"}});
  const std::string second = site.commit({{"slipway.yml", for_sources("true")}, {"src/a", "2"}});
  work_and_be_killed(site, [&](MiniDaemon& daemon) {
    auto* const queue = new Queue(daemon);  // goes with the process
    const RunId older = push_and_run(daemon, *queue, first);
    queue->push(second, first);
    until(daemon, "the first run is replaced", [&] { return state_of(daemon, older).cancel_requested.has_value(); });
    if (state_of(daemon, older).state == store::RunState::finished) throw std::runtime_error("too late");
  });
  MiniDaemon daemon(site);
  Queue queue(daemon);
  const store::Run passed = daemon.wait(RunId(2));
  INFO(passed.reason);
  CHECK(passed.verdict == store::Verdict::passed);
  CHECK(state_of(daemon, RunId(1)).verdict == store::Verdict::superseded);
}
