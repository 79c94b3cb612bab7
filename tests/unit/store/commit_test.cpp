#include <future>

#include <boost/asio/bind_cancellation_slot.hpp>

#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/events.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

/// Keeps the writer from committing until told.
class Gate final : public CommitProbe {
 public:
  void before_commit(std::span<const std::string> what) override {
    marks.insert(marks.end(), what.begin(), what.end());
    if (closed_) reached_.set_value();
    if (std::exchange(closed_, false)) opened_.get_future().wait();
  }
  void after_commit(std::span<const std::string>) override { ++commits; }

  /// The next commit waits; to be called while nothing is written.
  void close() {
    reached_ = {};
    opened_ = {};
    closed_ = true;
  }
  void wait_until_reached() { reached_.get_future().wait(); }
  void open() { opened_.set_value(); }

  std::vector<std::string> marks;
  int commits = 0;

 private:
  bool closed_ = false;
  std::promise<void> reached_;
  std::promise<void> opened_;
};

Attempt next_attempt(RunId run, std::int64_t number) {
  Attempt attempt;
  attempt.key = AttemptKey(run, "unit", "test", number);
  attempt.container_name = "c" + std::to_string(number);
  attempt.created = kNoon;
  return attempt;
}

/// The four commits of one step, one after the other, as a driver makes them.
awaitable<void> live(Store& store, Attempt attempt, int* failures) {
  const AttemptKey key = attempt.key;
  AttemptExit how;
  how.exit_code = 0;
  const auto intended = co_await store.write(&Attempts::intend, attempt);
  const auto created = co_await store.write(&Attempts::created, key, std::string("id"));
  const auto running = co_await store.write(&Attempts::running, key, kNoon);
  const auto exited = co_await store.write(&Attempts::exited, key, how);
  if (!intended || !created || !running || !exited) ++*failures;
}

awaitable<void> finish(Store& store, RunId run, Result<void>* outcome) {
  *outcome = co_await store.write(&Runs::finish, run, Verdict::passed, std::string(), kNoon);
}

}  // namespace

TEST_CASE("two hundred steps at once share their commits") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  const auto before = s.store->commits();
  asio::io_context io;
  int failures = 0;
  for (int i = 0; i < 200; ++i) {
    spawn(io.get_executor(), "caller", live(*s.store, next_attempt(run, i + 1), &failures));
  }
  io.run();
  CHECK(failures == 0);
  const auto commits = s.store->commits() - before;
  INFO("800 writes in " << commits << " commits");
  CHECK(commits >= 4);
  CHECK(commits <= 80);
  const auto attempts = s.read(&Attempts::list, run).value();
  CHECK(attempts.size() == 200);
  CHECK(std::ranges::all_of(attempts, [](const Attempt& a) { return a.state == AttemptState::exited; }));
}

TEST_CASE("writes that wait are committed together, and one that fails leaves the others alone") {
  Gate gate;
  StoreOptions options;
  options.probe = &gate;
  TemporaryStore s(options);
  const ProjectId project = add_project(s);
  const RunId one = add_run(s, project);
  const RunId two = add_run(s, project);
  const RunId three = add_run(s, project);
  gate.close();
  gate.marks.clear();
  const auto before = s.store->commits();

  std::vector<Result<void>> outcomes(5, Result<void>(fail(Error::Kind::internal, "not yet")));
  asio::io_context io;
  spawn(io.get_executor(), "caller", finish(*s.store, one, &outcomes[0]));
  io.poll();
  gate.wait_until_reached();
  spawn(io.get_executor(), "caller", finish(*s.store, two, &outcomes[1]));
  spawn(io.get_executor(), "caller", finish(*s.store, two, &outcomes[2]));
  spawn(io.get_executor(), "caller", finish(*s.store, RunId(99), &outcomes[3]));
  spawn(io.get_executor(), "caller", finish(*s.store, three, &outcomes[4]));
  io.poll();
  gate.open();
  io.run();

  CHECK(outcomes[0]);
  CHECK(outcomes[1]);
  CHECK(outcomes[2].error().kind == Error::Kind::conflict);
  CHECK(outcomes[3].error().kind == Error::Kind::not_found);
  CHECK(outcomes[4]);
  CHECK(s.store->commits() - before == 2);
  CHECK(gate.marks == std::vector<std::string>(3, "run.finished"));
  CHECK(s.read(&Runs::unfinished)->empty());
}

TEST_CASE("the commits of a step have the names by which kill points are chosen") {
  Gate gate;
  StoreOptions options;
  options.probe = &gate;
  TemporaryStore s(options);
  const Attempt attempt = next_attempt(add_run(s, add_project(s)), 1);
  gate.marks.clear();
  REQUIRE(s.write(&Attempts::intend, attempt));
  REQUIRE(s.write(&Attempts::created, attempt.key, std::string("id")));
  REQUIRE(s.write(&Attempts::running, attempt.key, kNoon));
  REQUIRE(s.write(&Attempts::exited, attempt.key, AttemptExit()));
  CHECK(gate.marks == std::vector<std::string>{"attempt.intent", "attempt.created", "step.running", "step.exited"});
}

TEST_CASE("a piece of work that throws or fails undoes all it did, and nothing else") {
  Gate gate;
  StoreOptions options;
  options.probe = &gate;
  TemporaryStore s(options);
  const ProjectId project = add_project(s);
  const RunId run = add_run(s, project);
  const auto fails_late = [run](Transaction& tx) -> Result<void> {
    if (auto finished = Runs(tx).finish(run, Verdict::passed, "", kNoon); !finished) return finished;
    return fail(Error::Kind::invalid, "changed my mind");
  };
  CHECK(s.write(fails_late).error().message == "changed my mind");
  const auto throws = [run](Transaction& tx) -> Result<void> {
    (void)Runs(tx).finish(run, Verdict::passed, "", kNoon);
    throw std::runtime_error("a bug");
  };
  CHECK(s.write(throws).error().kind == Error::Kind::internal);
  const auto bad_statement = [run](Transaction& tx) -> Result<void> {
    (void)Runs(tx).finish(run, Verdict::passed, "", kNoon);
    tx.run("SELECT nothing FROM nowhere", {});
    return {};
  };
  CHECK(s.write(bad_statement).error().kind == Error::Kind::internal);
  CHECK(s.read(&Runs::get, run)->state == RunState::queued);
  CHECK(s.read(&Events::list, EventFilter())->items.size() == 1);
  CHECK(gate.marks == std::vector<std::string>{"project.added", "run.queued"});
  gate.marks.clear();
  CHECK(s.write(&Runs::finish, run, Verdict::passed, "", kNoon));
  CHECK(gate.marks == std::vector<std::string>{"run.finished"});
}

TEST_CASE("cancelling whoever waits for a write does not undo the write") {
  Gate gate;
  StoreOptions options;
  options.probe = &gate;
  TemporaryStore s(options);
  const RunId run = add_run(s, add_project(s));
  gate.close();
  Result<void> outcome = fail(Error::Kind::internal, "not yet");
  bool cancelled = false;
  {
    asio::io_context io;
    asio::cancellation_signal signal;
    asio::co_spawn(
        io, finish(*s.store, run, &outcome),
        asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e) { cancelled = e != nullptr; }));
    io.poll();
    gate.wait_until_reached();
    signal.emit(asio::cancellation_type::terminal);
    io.run();
  }
  // The io_context is gone when the write resolves; nobody may be woken on it.
  CHECK(cancelled);
  CHECK_FALSE(outcome);
  gate.open();
  s.reopen();
  CHECK(s.read(&Runs::get, run)->verdict == Verdict::passed);
}

TEST_CASE("a waiting write whose io_context is destroyed is made all the same") {
  Gate gate;
  StoreOptions options;
  options.probe = &gate;
  TemporaryStore s(options);
  const RunId run = add_run(s, add_project(s));
  gate.close();
  Result<void> outcome = fail(Error::Kind::internal, "not yet");
  {
    asio::io_context io;
    spawn(io.get_executor(), "caller", finish(*s.store, run, &outcome));
    io.poll();
    gate.wait_until_reached();
  }
  gate.open();
  s.reopen();
  CHECK(s.read(&Runs::get, run)->verdict == Verdict::passed);
}

TEST_CASE("more waiting writes than the limit are refused, not kept") {
  Gate gate;
  StoreOptions options;
  options.probe = &gate;
  options.queue_limit = 2;
  TemporaryStore s(options);
  const ProjectId project = add_project(s);
  std::vector<RunId> runs;
  for (int i = 0; i < 4; ++i) runs.push_back(add_run(s, project));
  gate.close();
  std::vector<Result<void>> outcomes(4, Result<void>(fail(Error::Kind::internal, "not yet")));
  asio::io_context io;
  spawn(io.get_executor(), "caller", finish(*s.store, runs[0], &outcomes[0]));
  io.poll();
  gate.wait_until_reached();
  for (std::size_t i = 1; i < 4; ++i) spawn(io.get_executor(), "caller", finish(*s.store, runs[i], &outcomes[i]));
  io.poll();
  CHECK(outcomes[3].error().kind == Error::Kind::unavailable);
  gate.open();
  io.run();
  CHECK(outcomes[0]);
  CHECK(outcomes[1]);
  CHECK(outcomes[2]);
  CHECK(s.read(&Runs::get, runs[3])->state == RunState::queued);
}

TEST_CASE("whoever waits for an event is woken by the commit that brings it") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const auto seen = s.store->newest_event();
  asio::io_context io;
  std::int64_t first = 0;
  std::int64_t second = 0;
  const auto store_it = [](std::int64_t* to) { return [to](std::exception_ptr, std::int64_t seq) { *to = seq; }; };
  asio::co_spawn(io, s.store->next_event(seen), store_it(&first));
  asio::co_spawn(io, s.store->next_event(seen), store_it(&second));
  io.poll();
  CHECK(first == 0);
  add_run(s, project);
  io.run();
  CHECK(first == seen + 1);
  CHECK(second == seen + 1);
  CHECK(run_async(s.store->next_event(seen)) == seen + 1);
}

TEST_CASE("waiting for an event can be given up") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  {
    asio::io_context io;
    asio::cancellation_signal signal;
    bool cancelled = false;
    asio::co_spawn(io, s.store->next_event(0),
                   asio::bind_cancellation_slot(signal.slot(),
                                                [&](std::exception_ptr e, std::int64_t) { cancelled = e != nullptr; }));
    io.poll();
    signal.emit(asio::cancellation_type::terminal);
    io.run();
    CHECK(cancelled);
  }
  add_run(s, project);
  CHECK(s.store->newest_event() == 1);
}

TEST_CASE("events, instance and numbers go on where they were after a restart") {
  TemporaryStore s;
  const std::string instance = s.store->instance();
  CHECK(instance.size() == 8);
  const ProjectId project = add_project(s);
  add_run(s, project);
  const auto newest = s.store->newest_event();
  s.reopen();
  CHECK(s.store->instance() == instance);
  CHECK(s.store->newest_event() == newest);
  CHECK(s.read(&Runs::get, add_run(s, project))->number == 2);
}
