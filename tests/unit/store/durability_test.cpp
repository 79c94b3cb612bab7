#include <csignal>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/deliveries.hpp"
#include "orchestrator/store/events.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

enum class Side { before, after };

/// Kills this very process at the commit with a given number, counted from 1.
class KillAt final : public CommitProbe {
 public:
  KillAt(int commit, Side side) : left_(commit), side_(side) {}
  void before_commit(std::span<const std::string>) override {
    if (--left_ == 0 && side_ == Side::before) ::kill(::getpid(), SIGKILL);
  }
  void after_commit(std::span<const std::string>) override {
    if (left_ == 0 && side_ == Side::after) ::kill(::getpid(), SIGKILL);
  }

 private:
  int left_;
  Side side_;
};

const AttemptKey kStep(RunId(1), "unit", "test", 1);

Delivery delivery_for(ProjectId project) {
  Delivery delivery;
  delivery.project = project;
  delivery.decision = Decision::accepted;
  delivery.replay_key = "k1";
  return delivery;
}

/// A delivery, its run and one step of it, as the daemon would commit them. Says on `pipe` after each write that it has
/// resolved.
void live(Store& store, int pipe) {
  const auto says = [&](const auto& outcome) {
    const char done = outcome ? '+' : '-';
    if (::write(pipe, &done, 1) != 1) ::_exit(1);
  };
  Project project;
  project.name = "shop";
  says(run_async(store.write(&Projects::add, project)));
  Run run;
  run.project = ProjectId(1);
  says(run_async(store.write(&Deliveries::record, delivery_for(ProjectId(1)), std::vector<Run>{run})));
  says(run_async(store.write(&Runs::prepare, RunId(1), kNoon)));
  Job job;
  job.name = "unit";
  says(run_async(store.write(&Runs::start, RunId(1), std::string("{}"), std::vector<Job>{job}, kNoon, kNoon)));
  Attempt attempt;
  attempt.key = kStep;
  attempt.container_name = "c1";
  says(run_async(store.write(&Attempts::intend, attempt)));
  says(run_async(store.write(&Attempts::created, kStep, std::string("id"))));
  says(run_async(store.write(&Attempts::running, kStep, kNoon)));
  says(run_async(store.write(&Attempts::exited, kStep, AttemptExit())));
  says(run_async(store.write(&Attempts::removed, kStep)));
  says(run_async(store.write(&Runs::finish, RunId(1), Verdict::passed, std::string(), kNoon)));
}

constexpr int kWrites = 10;

/// Runs `live` in a process that dies at a commit; what it said before.
std::string live_and_die(const std::filesystem::path& folder, int commit, Side side) {
  int pipe[2];
  REQUIRE(::pipe(pipe) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    KillAt probe(commit, side);
    StoreOptions options;
    options.probe = &probe;
    auto store = Store::open(folder, options);
    if (!store) ::_exit(1);
    live(**store, pipe[1]);
    ::_exit(0);
  }
  ::close(pipe[1]);
  std::string said;
  for (char c = 0; ::read(pipe[0], &c, 1) == 1;) said += c;
  ::close(pipe[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return said;
}

/// How many of the writes of `live` the store has; each has left its trace.
int made(TemporaryStore& s) {
  const auto run = s.read(&Runs::get, RunId(1));
  const auto attempt = s.read(&Attempts::get, kStep);
  if (run && run->state == RunState::finished) return 10;
  if (attempt) return 5 + static_cast<int>(attempt->state);
  if (run) return run->state == RunState::queued ? 2 : run->state == RunState::preparing ? 3 : 4;
  return s.read(&Projects::find, "shop") ? 1 : 0;
}

}  // namespace

TEST_CASE("killed at any commit, the store has every write that had resolved, and none by half") {
  for (const Side side : {Side::before, Side::after}) {
    for (int commit = 1; commit <= kWrites; ++commit) {
      CAPTURE(commit, side == Side::after);
      TemporaryStore s;
      s.store.reset();
      const std::string said = live_and_die(s.folder.path, commit, side);
      CHECK(said == std::string(static_cast<std::size_t>(commit) - 1, '+'));
      s.open();
      CHECK(s.store->condition().kind == Condition::Kind::writable);
      CHECK(made(s) == (side == Side::before ? commit - 1 : commit));
      // A delivery and the run it queues come together, so that the sender, trying again, does no harm.
      const bool filed = s.read(&Deliveries::get, DeliveryId(1)).has_value();
      CHECK(filed == s.read(&Runs::get, RunId(1)).has_value());
      if (!s.read(&Projects::find, "shop")) continue;
      Run run;
      run.project = ProjectId(1);
      const auto again = s.write(&Deliveries::record, delivery_for(ProjectId(1)), std::vector<Run>{run}).value();
      CHECK((again.decision == Decision::duplicate) == filed);
    }
  }
}

namespace {

/// No file of this process can grow beyond `bytes`, as on a full disk, while this lives.
class TightDisk {
 public:
  explicit TightDisk(std::uintmax_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    REQUIRE(::getrlimit(RLIMIT_FSIZE, &was_) == 0);
    struct rlimit tight = was_;
    tight.rlim_cur = bytes;
    REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  }
  TightDisk(const TightDisk&) = delete;
  ~TightDisk() {
    ::setrlimit(RLIMIT_FSIZE, &was_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  struct rlimit was_{};
};

}  // namespace

TEST_CASE("a full disk refuses writes with a reason, and takes them again when there is room") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  std::optional<TightDisk> disk(std::in_place, std::filesystem::file_size(s.folder.path / "slipway.db-wal"));

  Run run;
  run.project = project;
  run.title = std::string(100'000, 't');
  const auto refused = s.write(&Runs::add, run);
  const Condition meanwhile = s.store->condition();
  const auto readable = s.read(&Projects::find, "shop");
  disk.reset();

  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::unavailable);
  CHECK(meanwhile.kind == Condition::Kind::failing);
  CHECK_FALSE(meanwhile.reason.empty());
  CHECK(readable);
  // Nobody writes; the store itself finds out that there is room again.
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (s.store->condition().kind != Condition::Kind::writable) {
    REQUIRE(std::chrono::steady_clock::now() < give_up);
    run_async(sleep_for(std::chrono::milliseconds(50)));
  }
  CHECK(s.read(&Runs::unfinished)->empty());
  REQUIRE(s.write(&Runs::add, run));
  s.reopen();
  CHECK(s.read(&Runs::unfinished)->size() == 1);
}

TEST_CASE("what has happened waits for a full disk, in its order, while what is only wished is refused") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId id = add_run(s, project);
  std::optional<TightDisk> disk(std::in_place, std::filesystem::file_size(s.folder.path / "slipway.db-wal"));
  asio::io_context io;
  std::string order;
  const auto keep = [&](const char* name, awaitable<Result<void>> work) {
    asio::co_spawn(io, std::move(work), [&order, name](const std::exception_ptr&, const Result<void>& done) {
      order += done ? name : "refused ";
    });
  };
  keep("prepared ", s.store->persist(&Runs::prepare, id, kNoon));
  keep("wished ", s.store->write(&Runs::cancel, id, std::string("ann"), kNoon));
  keep("started ", s.store->persist(&Runs::start, id, std::string("{}"), std::vector<Job>(), kNoon, kNoon));
  keep("finished ", s.store->persist(&Runs::finish, id, Verdict::passed, std::string(), kNoon));
  io.run_for(std::chrono::milliseconds(500));
  CHECK(order == "refused ");
  CHECK(s.store->condition().kind == Condition::Kind::failing);
  CHECK(s.read(&Runs::get, id)->state == RunState::queued);
  disk.reset();
  io.run_for(std::chrono::seconds(20));
  CHECK(order == "refused prepared started finished ");
  CHECK(s.store->condition().kind == Condition::Kind::writable);
  CHECK(s.read(&Runs::get, id)->verdict == Verdict::passed);
}

TEST_CASE("a store that is closed on a full disk lets those go who waited") {
  TemporaryStore s;
  const RunId id = add_run(s, add_project(s));
  const TightDisk disk(std::filesystem::file_size(s.folder.path / "slipway.db-wal"));
  asio::io_context io;
  std::optional<Result<void>> outcome;
  asio::co_spawn(io, s.store->persist(&Runs::prepare, id, kNoon),
                 [&](const std::exception_ptr&, const Result<void>& done) { outcome = done; });
  io.run_for(std::chrono::milliseconds(300));
  CHECK_FALSE(outcome);
  s.store.reset();
  io.run_for(std::chrono::seconds(5));
  REQUIRE(outcome);
  CHECK_FALSE(*outcome);
}
