#include "orchestrator/runs/housekeeping.hpp"

#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;
namespace fs = std::filesystem;

namespace {

/// Kills this very process right after the commit that forgets runs.
class KillAfterForgetting final : public CommitProbe {
 public:
  void before_commit(std::span<const std::string>) override {}
  void after_commit(std::span<const std::string> marks) override {
    for (const std::string& mark : marks) {
      if (mark == "runs.forgotten") ::kill(::getpid(), SIGKILL);
    }
  }
};

RunRetention newest(std::int64_t runs) {
  RunRetention keep;
  keep.runs = runs;
  return keep;
}

awaitable<std::size_t> forgetting(Store& store, fs::path folder, RunRetention keep) {
  Pool pool(1);
  logs::LogStore logs(std::move(folder), co_await asio::this_coro::executor, pool);
  const Result<std::size_t> gone = co_await runs::forget_old_runs(store, logs, kNoon, keep);
  co_await logs.close();
  co_return gone.value();
}

std::size_t forget(Store& store, const fs::path& logs_folder, RunRetention keep) {
  return run_async(forgetting(store, logs_folder, keep));
}

/// Five finished runs with a log each.
std::vector<RunId> five_runs(TemporaryStore& s) {
  const ProjectId project = add_project(s);
  std::vector<RunId> runs;
  for (int i = 0; i < 5; ++i) {
    runs.push_back(add_run(s, project));
    REQUIRE(s.write(&Runs::finish, runs.back(), Verdict::passed, "", kNoon));
    fs::create_directories(s.folder.path / "logs" / to_string(runs.back()));
    REQUIRE(write_file(s.folder.path / "logs" / to_string(runs.back()) / "unit.test.a1.log", "text"));
  }
  return runs;
}

}  // namespace

TEST_CASE("the logs of a forgotten run go with it, others stay") {
  TemporaryStore s;
  const std::vector<RunId> runs = five_runs(s);
  const fs::path logs = s.folder.path / "logs";
  REQUIRE(write_file(logs / "README", "not a run's"));
  CHECK(forget(*s.store, logs, newest(2)) == 3);
  CHECK_FALSE(fs::exists(logs / to_string(runs[0])));
  CHECK_FALSE(fs::exists(logs / to_string(runs[2])));
  CHECK(fs::exists(logs / to_string(runs[3]) / "unit.test.a1.log"));
  CHECK(fs::exists(logs / to_string(runs[4])));
  CHECK(fs::exists(logs / "README"));
  CHECK(forget(*s.store, logs, newest(2)) == 0);
}

TEST_CASE("without a folder for logs there is nothing to remove") {
  TemporaryStore s;
  CHECK(forget(*s.store, s.folder.path / "logs", newest(2)) == 0);
}

TEST_CASE("killed between forgetting runs and removing their logs, the next daemon removes them") {
  TemporaryStore s;
  const std::vector<RunId> runs = five_runs(s);
  const fs::path logs = s.folder.path / "logs";
  s.store.reset();
  const pid_t child = ::fork();
  if (child == 0) {
    KillAfterForgetting probe;
    StoreOptions options;
    options.probe = &probe;
    auto store = Store::open(s.folder.path, options);
    if (store) forget(**store, logs, newest(2));
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  s.open();
  CHECK_FALSE(s.read(&Runs::get, runs[0]));
  CHECK(fs::exists(logs / to_string(runs[0])));
  CHECK(forget(*s.store, logs, newest(2)) == 0);
  CHECK_FALSE(fs::exists(logs / to_string(runs[0])));
  CHECK(fs::exists(logs / to_string(runs[4])));
}
