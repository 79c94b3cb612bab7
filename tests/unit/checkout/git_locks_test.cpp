#include "orchestrator/checkout/git_locks.hpp"

#include <thread>

#include <catch2/catch.hpp>

#include "base/process.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::checkout;
namespace fs = std::filesystem;

namespace {

const std::vector<fs::path> kOurs = {"/data/git/project-1.git/shallow.lock",
                                     "/data/git/project-1.git/packed-refs.lock"};

std::string taken(const std::string& lock) {
  return "Unable to create '" + lock + "': File exists.";
}

awaitable<std::string> nothing() {
  co_return std::string();
}

/// Whether a command with that word in that repository, a child of this process, is seen while it runs.
bool is_seen(const std::string& verb, const fs::path& repository, const fs::path& asked) {
  bool seen = false;
  ProcessSpec spec("sh", {"-c", "cat > /dev/null; true", verb});
  spec.environment = {{"GIT_DIR", repository.string()}};
  // A program's words are there an instant after it is.
  spec.late_input = [&] {
    for (int i = 0; i < 40 && !seen; ++i) {
      seen = git_writes_in(asked);
      if (!seen) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return nothing();
  };
  REQUIRE(run_async(run_process(std::move(spec))));
  return seen;
}

}  // namespace

TEST_CASE("a lock that git says is taken is one of ours, by its exact name, or none") {
  CHECK(taken_lock("git fetch: " + taken(kOurs[0]), kOurs) == kOurs[0]);
  CHECK(taken_lock("git update-ref: cannot lock ref 'refs/x': " + taken(kOurs[1]), kOurs) == kOurs[1]);
  for (const std::string other : {"/data/git/project-1.git/refs/../../../work/9/Cargo.lock",
                                  "/data/git/project-1.git/../project-1.git/shallow.lock",
                                  "/data/git/project-2.git/shallow.lock", "/work/9/Cargo.lock", "shallow.lock", ""}) {
    CHECK(taken_lock("git fetch: " + taken(other), kOurs).empty());
  }
}

TEST_CASE("what a server says of locks does not count") {
  for (const std::string from : {"git fetch: remote error: ", "git fetch: remote: ", "git fetch: remote: fatal: "}) {
    CHECK(taken_lock(from + taken(kOurs[0]), kOurs).empty());
    CHECK_FALSE(was_overtaken(from + "shallow file has changed since we read it"));
  }
  CHECK(was_overtaken("git fetch: shallow file has changed since we read it"));
}

TEST_CASE("a git that writes in a mirror is seen, a child of this process too, and none that reads or is elsewhere") {
  const fs::path mirror = "/tmp/no-such-mirror/project-1.git";
  CHECK(is_seen("fetch", mirror, mirror));
  CHECK(is_seen("gc", mirror, mirror));
  CHECK_FALSE(is_seen("cat-file", mirror, mirror));
  CHECK_FALSE(is_seen("fetch", "/tmp/no-such-mirror/project-2.git", mirror));
  CHECK_FALSE(git_writes_in(mirror));
}
