#include "orchestrator/runs/source_tree.hpp"

#include <thread>

#include <catch2/catch.hpp>
#include <stdlib.h>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/process.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::runs;
namespace fs = std::filesystem;

namespace {

/// A repository of one commit, and a work folder for its checkouts.
class Checkouts {
 public:
  Checkouts() : root_(make_root()), work(root_ / "work"), git_(root_ / "git") {
    git_.urls = {true, false};
    REQUIRE(checkout::prepare_git(git_));
    fs::create_directories(work);
    shell(
        "git init -q -b main source; cd source; git config user.email d@e.example; git config user.name Dev; "
        "echo 'exit 1' > test.sh; git add -A; git commit -qm 'Change it'");
    commit_ = shell("git -C source rev-parse HEAD");
  }
  ~Checkouts() { fs::remove_all(root_); }
  Checkouts(const Checkouts&) = delete;

  /// What a daemon does that begins with run 7 or finds it under way: where the files are.
  Result<fs::path> check_out() {
    return run_async([](Checkouts& all) -> awaitable<Result<fs::path>> {
      auto repository = std::make_shared<checkout::Repository>(
          all.git_, "project-1", *checkout::parse_git_url((all.root_ / "source").string(), all.git_.urls),
          checkout::GitCredentials());
      const Executor executor = co_await asio::this_coro::executor;
      SourceTree tree(std::move(repository), all.work, RunId(7), true, all.pool_, executor);
      co_await tree.make(all.commit_, "");
      co_return co_await tree.ready();
    }(*this));
  }

  std::string shell(const std::string& script) const {
    ProcessSpec spec("sh", {"-ec", script});
    spec.directory = root_;
    spec.environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"}};
    const auto outcome = run_async(run_process(std::move(spec)));
    REQUIRE(outcome);
    REQUIRE(outcome->exit_code == 0);
    return outcome->output.substr(0, outcome->output.find_last_not_of('\n') + 1);
  }

 private:
  static fs::path make_root() {
    std::string name = (fs::temp_directory_path() / "slipway-source-tree-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    return name;
  }
  fs::path root_;

 public:
  fs::path work;

 private:
  checkout::GitSettings git_;
  Pool pool_{1};
  std::string commit_;
};

/// Writes one file after the other into a folder, as long as it lives: it can't be removed.
std::jthread write_on_in(const fs::path& folder) {
  return std::jthread([folder](const std::stop_token& done) {
    std::error_code ignored;
    for (int i = 0; !done.stop_requested(); ++i) {
      fs::create_directories(folder, ignored);
      (void)write_file(folder / ("more" + std::to_string(i)), "x");
    }
  });
}

}  // namespace

TEST_CASE("a git that has outlived its daemon and still writes a checkout is in the next one's way nowhere") {
  Checkouts all;
  const std::string name = GENERATE("7.part", "7.part.0123456789abcdef");
  const fs::path old = all.work / name / "src";
  fs::create_directories(old);
  for (int i = 0; i < 3000; ++i) REQUIRE(write_file(old / ("file" + std::to_string(i)), "x"));
  const std::jthread git = write_on_in(old);
  const auto made = all.check_out();
  INFO((made ? "" : made.error().message));
  REQUIRE(made);
  CHECK(*read_file(*made / "test.sh") == "exit 1\n");
  CHECK_FALSE(fs::exists(*made / "src"));
}

TEST_CASE("a checkout that was cut off goes when the run is taken up, those of other runs stay") {
  Checkouts all;
  fs::create_directories(all.work / "7.part.0123456789abcdef/src");
  fs::create_directories(all.work / "77.part.0123456789abcdef");
  fs::create_directories(all.work / "8");
  REQUIRE(all.check_out());
  CHECK_FALSE(fs::exists(all.work / "7.part.0123456789abcdef"));
  CHECK(fs::exists(all.work / "77.part.0123456789abcdef"));
  SourceTree::remove(all.work, RunId(7));
  CHECK(SourceTree::run_of(*fs::directory_iterator(all.work)) != "7");
  CHECK(fs::exists(all.work / "8"));
}

TEST_CASE(
    "a checkout from before a restart of the daemon is used as it is, one from before a start of the machine is not") {
  Checkouts all;
  const auto [name, is_used] = GENERATE(table<std::string, bool>(
      {{"7." + boot_id(), true}, {"7.00000000-0000-0000-0000-000000000000", false}, {"7", false}}));
  fs::create_directories(all.work / name);
  REQUIRE(write_file(all.work / name / "test.sh", ""));  // as a loss of power may leave it
  const auto made = all.check_out();
  REQUIRE(made);
  CHECK(*read_file(*made / "test.sh") == (is_used ? "" : "exit 1\n"));
  CHECK(fs::exists(all.work / name) == is_used);
}
