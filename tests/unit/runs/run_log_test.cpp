#include "orchestrator/runs/run_log.hpp"

#include <fstream>

#include <catch2/catch.hpp>
#include <stdlib.h>

#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace slipway::runs;
namespace fs = std::filesystem;

namespace {

/// Logs in a folder that goes with the test.
class Shelf {
 public:
  Shelf() {
    std::string name = (fs::temp_directory_path() / "slipway-run-log-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    folder = name;
  }
  ~Shelf() { fs::remove_all(folder); }
  Shelf(const Shelf&) = delete;

  /// What a process does with the log: begins it or resumes it, says a line, and seals it or is killed.
  void work(bool resumes, std::string line, bool seals) {
    REQUIRE(run_async([](Shelf& shelf, bool again, std::string text, bool ends) -> awaitable<Result<void>> {
      logs::LogStore store(shelf.folder, co_await asio::this_coro::executor, shelf.pool);
      const logs::LogKey key(RunId(1), "production.a1");
      auto masks = std::make_shared<const logs::MaskPatterns>(shelf.secrets);
      auto opening = again ? RunLog::resume(store, key, masks, 1000) : RunLog::open(store, key, masks, 1000);
      const Result<std::unique_ptr<RunLog>> log = co_await std::move(opening);
      if (!log) co_return fail(log.error());
      (*log)->say(text);
      if (ends) co_await (*log)->seal();
      co_await store.close();
      co_return Result<void>();
    }(*this, resumes, std::move(line), seals)));
  }
  std::string text() {
    return run_async([](Shelf& shelf) -> awaitable<std::string> {
      logs::LogStore store(shelf.folder, co_await asio::this_coro::executor, shelf.pool);
      const logs::LogKey key(RunId(1), "production.a1");
      const Result<logs::LogChunk> chunk = co_await store.read(key, 0, 1 << 20);
      std::string all;
      if (!chunk) co_return chunk.error().message;
      for (const logs::Record& record : chunk->records) all += record.text + "\n";
      co_return all;
    }(*this));
  }

  std::vector<Secret> secrets;
  fs::path folder;
  Pool pool{1};
};

}  // namespace

TEST_CASE("a log that is resumed keeps what was said before, one that is opened does not") {
  Shelf shelf;
  shelf.work(false, "one", false);
  shelf.work(true, "two", false);
  CHECK(shelf.text() == "one\ntwo\n");
  shelf.work(true, "three", true);
  CHECK(shelf.text() == "one\ntwo\nthree\n");
  shelf.work(true, "four", true);
  CHECK(shelf.text() == "one\ntwo\nthree\n");  // it had ended
  shelf.work(false, "five", true);
  CHECK(shelf.text() == "five\n");
}

TEST_CASE("a log is resumed where there is none, and after a record that was cut off") {
  Shelf shelf;
  shelf.work(true, "one", false);
  std::ofstream(shelf.folder / "1" / "production.a1.log", std::ios::app) << "2026-01-01T00:00:00.000Z std";
  shelf.work(true, "two", true);
  CHECK(shelf.text() == "one\ntwo\n");
}

TEST_CASE("what is said is whole though a secret has to be looked for in it, and the secret is not shown") {
  Shelf shelf;
  shelf.secrets.emplace_back("correct horse battery staple");
  shelf.work(false, "the image is sha256:0123456789abcdef", false);
  shelf.work(true, "ok", false);
  shelf.work(true, "pass: correct horse battery staple.", true);
  CHECK(shelf.text() == "the image is sha256:0123456789abcdef\nok\npass: ***.\n");
}
