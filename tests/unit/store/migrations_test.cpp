#include "orchestrator/store/migrations.hpp"

#include <fstream>

#include "base/files.hpp"
#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/outbox.hpp"
#include "orchestrator/store/sqlite_connection.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace fs = std::filesystem;

namespace {

using Access = SqliteConnection::Access;

/// A database as the release with this schema version wrote it, with a row or two in its tables.
std::string fixture(int version) {
  const auto text = read_file("tests/unit/store/fixtures/v" + std::to_string(version) + ".sql");
  REQUIRE(text);
  return *text;
}

std::vector<std::string> schema_of(SqliteConnection& connection) {
  std::vector<std::string> found;
  connection.run("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", {},
                 [&](const Row& row) { found.push_back(row.text(0)); });
  return found;
}

std::vector<std::string> names_in(SqliteConnection& connection) {
  std::vector<std::string> found;
  connection.run("SELECT name FROM things ORDER BY name", {}, [&](const Row& row) { found.push_back(row.text(0)); });
  return found;
}

constexpr std::array kTwoSteps{
    Migration{1, "CREATE TABLE things (name TEXT); INSERT INTO things VALUES ('one')"},
    Migration{2, "ALTER TABLE things ADD COLUMN size INTEGER; INSERT INTO things VALUES ('two', 2)"},
};
constexpr std::array kBrokenSecondStep{
    kTwoSteps[0],
    Migration{2, "INSERT INTO things VALUES ('two'); INSERT INTO nowhere VALUES (1)"},
};

}  // namespace

TEST_CASE("versions go up by one, and the first is made from nothing") {
  int expected = 0;
  for (const Migration& migration : migrations()) CHECK(migration.to == ++expected);
}

TEST_CASE("a store of each earlier version opens with all that was in it") {
  for (int version = 1; version <= migrations().back().to; ++version) {
    CAPTURE(version);
    const TemporaryFolder folder;
    {
      SqliteConnection old(folder.path / "slipway.db", Access::write);
      old.execute("PRAGMA foreign_keys=OFF");
      old.execute(fixture(version));
      old.execute("PRAGMA user_version=" + std::to_string(version));
    }
    auto store = Store::open(folder.path).value();
    CHECK(store->condition().kind == Condition::Kind::writable);
    CHECK(store->instance() == "0badcafe");
    const auto project = run_async(store->read(&Projects::find, std::string("hello"))).value();
    CHECK(project.settings.max_runs == 2);
    CHECK(project.settings.forks == ForkPolicy::ignore);
    const auto run = run_async(store->read(&Runs::find, project.id, std::int64_t{1})).value();
    CHECK(run.title == "Greet the world");
    CHECK(run.state == RunState::running);
    const auto open = run_async(store->read(&Attempts::open)).value();
    REQUIRE(open.size() == 1);
    CHECK(open[0].state == AttemptState::running);
    CHECK(run_async(store->write(&Runs::finish, run.id, Verdict::passed, std::string(), kNoon)));
  }
}

TEST_CASE("a step whose job an older slipwayd was stopping counts as told to stop after the upgrade") {
  const std::string stopped = GENERATE("", "timeout");
  const TemporaryFolder folder;
  {
    SqliteConnection old(folder.path / "slipway.db", Access::write);
    old.execute("PRAGMA foreign_keys=OFF");
    old.execute(fixture(7));
    old.execute("PRAGMA user_version=7");
    old.run("UPDATE jobs SET stop_reason = ?1 WHERE kind = 'run'", {stopped});
    old.execute("UPDATE jobs SET stop_reason = 'another' WHERE kind = 'build'");
  }
  auto store = Store::open(folder.path).value();
  const auto open = run_async(store->read(&Attempts::open)).value();
  REQUIRE(open.size() == 1);
  CHECK(open[0].stop_reason == stopped);
}

TEST_CASE("a released schema is as it was when it was released") {
  const TemporaryFolder folder;
  SqliteConnection fresh(folder.path / "fresh.db", Access::write);
  for (const Migration& migration : migrations()) {
    CAPTURE(migration.to);
    const std::array step{migration};
    REQUIRE(migrate(fresh, folder.path / "fresh.db", step));
    SqliteConnection released(folder.path / ("released" + std::to_string(migration.to) + ".db"), Access::write);
    released.execute("PRAGMA foreign_keys=OFF");
    released.execute(fixture(migration.to));
    CHECK(schema_of(fresh) == schema_of(released));
  }
}

TEST_CASE("an upgrade keeps a copy of what was there before") {
  const TemporaryFolder folder;
  const auto file = folder.path / "x.db";
  SqliteConnection connection(file, Access::write);
  REQUIRE(migrate(connection, file, std::span(kTwoSteps).first(1)));
  CHECK_FALSE(fs::exists(file.string() + ".v1"));
  REQUIRE(migrate(connection, file, kTwoSteps));
  CHECK(schema_version(connection) == 2);
  CHECK(names_in(connection) == std::vector<std::string>{"one", "two"});
  SqliteConnection copy(file.string() + ".v1", Access::write);
  CHECK(schema_version(copy) == 1);
  CHECK(names_in(copy) == std::vector<std::string>{"one"});
}

TEST_CASE("an upgrade that fails leaves the version before, and can be tried again") {
  const TemporaryFolder folder;
  const auto file = folder.path / "x.db";
  SqliteConnection connection(file, Access::write);
  REQUIRE(migrate(connection, file, std::span(kTwoSteps).first(1)));
  CHECK_THROWS_AS(migrate(connection, file, kBrokenSecondStep), StatementFailed);
  CHECK(schema_version(connection) == 1);
  CHECK(names_in(connection) == std::vector<std::string>{"one"});
  REQUIRE(migrate(connection, file, kTwoSteps));
  CHECK(schema_version(connection) == 2);
}
