#include <fstream>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "orchestrator/store/migrations.hpp"
#include "orchestrator/store/sqlite_connection.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace fs = std::filesystem;

namespace {

/// A store with enough rows to fill many pages, closed.
void fill(TemporaryStore& s) {
  const ProjectId project = add_project(s);
  Run run;
  run.project = project;
  run.title = std::string(2000, 't');
  for (int i = 0; i < 40; ++i) REQUIRE(s.write(&Runs::add, run));
  s.store.reset();
}

void overwrite(const fs::path& file, std::streamoff from, std::size_t count) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(from);
  stream << std::string(count, '\xff');
}

void check_read_only(Store& store) {
  CHECK(store.condition().kind == Condition::Kind::read_only);
  CHECK_FALSE(store.condition().reason.empty());
  CHECK(store.condition().hint.find("backup") != std::string::npos);
  const auto written = run_async(store.write(&Runs::prepare, RunId(1), kNoon));
  REQUIRE_FALSE(written);
  CHECK(written.error().kind == Error::Kind::unavailable);
  CHECK(written.error().hint == store.condition().hint);
}

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string pragma(TemporaryStore& s, std::string name) {
  return s
      .write([name](Transaction& tx) -> Result<std::string> {
        std::string value;
        tx.run("PRAGMA " + name, {}, [&](const Row& row) { row.into(value); });
        return value;
      })
      .value();
}

}  // namespace

TEST_CASE("a new data folder is made for its owner alone") {
  const TemporaryFolder parent;
  const auto folder = parent.path / "a" / "data";
  REQUIRE(Store::open(folder));
  struct stat status{};
  REQUIRE(::stat(folder.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("a data folder that was there already is shut to others, one that is shared with them is refused") {
  const TemporaryFolder folder;
  struct stat status{};
  REQUIRE(::chmod(folder.path.c_str(), 0755) == 0);
  REQUIRE(Store::open(folder.path));
  REQUIRE(::stat(folder.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  REQUIRE(::chmod(folder.path.c_str(), 01777) == 0);
  const auto shared = Store::open(folder.path);
  REQUIRE_FALSE(shared);
  CHECK(shared.error().kind == Error::Kind::forbidden);
  CHECK(shared.error().hint.find((folder.path / "slipway").string()) != std::string::npos);
  REQUIRE(::stat(folder.path.c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 01777);
}

TEST_CASE("a data folder is open once, and the second is told by whom") {
  TemporaryStore s;
  const auto again = Store::open(s.folder.path);
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == Error::Kind::conflict);
  CHECK(again.error().message.find("in use by pid " + std::to_string(::getpid())) != std::string::npos);
  s.store.reset();
  CHECK(Store::open(s.folder.path));
}

TEST_CASE("a process that was killed leaves no lock behind") {
  const TemporaryFolder folder;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = Store::open(folder.path);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(Store::open(folder.path));
}

TEST_CASE("a folder that can't be made is an error, not a crash") {
  const TemporaryFolder folder;
  std::ofstream(folder.path / "file") << "x";
  CHECK_FALSE(Store::open(folder.path / "file" / "data"));
}

TEST_CASE("commits are flushed to the disk, references are checked, memory is not mapped") {
  TemporaryStore s;
  CHECK(pragma(s, "journal_mode") == "wal");
  CHECK(pragma(s, "synchronous") == "2");
  CHECK(pragma(s, "foreign_keys") == "1");
  CHECK(pragma(s, "mmap_size") == "0");
  CHECK(pragma(s, "cache_size") == "-2000");
}

TEST_CASE("a read can't write") {
  TemporaryStore s;
  const auto tried =
      s.read([](Transaction& tx) -> Result<std::int64_t> { return tx.run("INSERT INTO meta VALUES ('a', 'b')", {}); });
  CHECK_FALSE(tried);
}

TEST_CASE("a folder written by a newer version is left alone, with what to do") {
  TemporaryStore s;
  add_project(s);
  s.store.reset();
  const auto file = s.folder.path / "slipway.db";
  SqliteConnection(file, SqliteConnection::Access::write).execute("PRAGMA user_version=99");
  const auto opened = Store::open(s.folder.path);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().kind == Error::Kind::invalid);
  CHECK(opened.error().message.find("newer slipwayd (schema 99") != std::string::npos);
  CHECK(opened.error().hint.find("start the newer slipwayd") != std::string::npos);
  const std::string newest = std::to_string(migrations().back().to);
  CHECK(opened.error().hint.find("slipwayd restore " + file.string() + ".v" + newest + " --force") !=
        std::string::npos);
  SqliteConnection(file, SqliteConnection::Access::write).execute("PRAGMA user_version=" + newest);
  s.open();
  CHECK(s.read(&Projects::find, "shop"));
}

TEST_CASE("a damaged database opens read-only, and what is intact can be read") {
  TemporaryStore s;
  fill(s);
  const auto file = s.folder.path / "slipway.db";
  const auto size = static_cast<std::streamoff>(fs::file_size(file));
  REQUIRE(size > 100'000);
  overwrite(file, size - 40'000, 40'000);
  s.open();
  check_read_only(*s.store);
  CHECK(s.read(&Projects::find, "shop"));
  CHECK(s.store->instance().size() == 8);
}

TEST_CASE("a file that is no database opens read-only and is not touched") {
  const TemporaryFolder folder;
  const auto file = folder.path / "slipway.db";
  const std::string garbage(8192, 'x');
  std::ofstream(file, std::ios::binary) << garbage;
  {
    const auto opened = Store::open(folder.path);
    REQUIRE(opened);
    check_read_only(**opened);
    CHECK((*opened)->instance().empty());
    CHECK(run_async((*opened)->read(&Projects::list)).error().kind == Error::Kind::unavailable);
  }
  CHECK(content(file) == garbage);
}

TEST_CASE("damage met while running stops all writing") {
  TemporaryStore s;
  fill(s);
  s.open();
  const auto file = s.folder.path / "slipway.db";
  overwrite(file, 4096, static_cast<std::size_t>(fs::file_size(file)) - 4096);
  // The caches are cold: sooner or later one of these meets a page that makes no sense.
  RunFilter all;
  all.limit = 200;
  (void)s.read(&Runs::list, all);
  (void)s.write(&Runs::prepare, RunId(1), kNoon);
  (void)s.write(&Runs::finish, RunId(20), Verdict::error, "", kNoon);
  check_read_only(*s.store);
}
