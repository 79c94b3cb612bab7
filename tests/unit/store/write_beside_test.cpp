#include "orchestrator/store/write_beside.hpp"

#include <fstream>

#include "orchestrator/store/migrations.hpp"
#include "orchestrator/store/sqlite_connection.hpp"
#include "orchestrator/store/tokens.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace fs = std::filesystem;

namespace {

Result<TokenId> add_beside(const fs::path& folder, const std::string& name) {
  return write_beside(folder, [&name](Transaction& tx) {
    Token token;
    token.name = name;
    token.hash = "hash of " + name;
    token.created = kNoon;
    return Tokens(tx).add(std::move(token));
  });
}

void set_schema(const fs::path& folder, int version) {
  SqliteConnection(folder / "slipway.db", SqliteConnection::Access::write)
      .execute("PRAGMA user_version=" + std::to_string(version));
}

}  // namespace

TEST_CASE("what is written beside an open store is there for it at once, and both go on writing") {
  TemporaryStore s;
  for (const char* name : {"one", "two"}) {
    const auto added = add_beside(s.folder.path, name);
    REQUIRE(added);
    CHECK(s.read(&Tokens::get, *added)->name == name);
    CHECK(add_project(s, name));
  }
  CHECK(s.store->condition().kind == Condition::Kind::writable);
}

TEST_CASE("what is written while the store is closed is there when it opens") {
  TemporaryStore s;
  s.store.reset();
  REQUIRE(add_beside(s.folder.path, "one"));
  s.open();
  CHECK(s.read(&Tokens::list)->size() == 1);
}

TEST_CASE("what fails beside a store changes nothing") {
  TemporaryStore s;
  const auto failed = write_beside(s.folder.path, [](Transaction& tx) -> Result<void> {
    Token token;
    token.name = "half";
    REQUIRE(Tokens(tx).add(std::move(token)));
    return fail(Error::Kind::invalid, "thought better of it");
  });
  REQUIRE_FALSE(failed);
  CHECK(failed.error().message == "thought better of it");
  CHECK(s.read(&Tokens::list)->empty());
  REQUIRE(add_beside(s.folder.path, "one"));
  CHECK(add_beside(s.folder.path, "one").error().kind == Error::Kind::conflict);
}

TEST_CASE("nothing is written where there is no database, nor is one made") {
  const TemporaryFolder folder;
  CHECK(add_beside(folder.path, "one").error().kind == Error::Kind::not_found);
  CHECK(fs::is_empty(folder.path));
  CHECK(add_beside(folder.path / "none", "one").error().kind == Error::Kind::not_found);
}

TEST_CASE("a database of another version is neither written to nor brought up to date") {
  const int by = GENERATE(-1, 1);
  TemporaryStore s;
  s.store.reset();
  const int newest = migrations().back().to;
  set_schema(s.folder.path, newest + by);
  const auto added = add_beside(s.folder.path, "one");
  REQUIRE_FALSE(added);
  CHECK(added.error().kind == Error::Kind::conflict);
  set_schema(s.folder.path, newest);
  s.open();
  CHECK(s.read(&Tokens::list)->empty());
}

TEST_CASE("a damaged database is not written to") {
  TemporaryStore s;
  Run run;
  run.project = add_project(s);
  run.title = std::string(2000, 't');
  for (int i = 0; i < 40; ++i) REQUIRE(s.write(&Runs::add, run));
  s.store.reset();
  const fs::path file = s.folder.path / "slipway.db";
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(static_cast<std::streamoff>(fs::file_size(file)) - 40'000);
    stream << std::string(40'000, '\xff');
  }
  const auto added = add_beside(s.folder.path, "one");
  REQUIRE_FALSE(added);
  CHECK(added.error().kind == Error::Kind::unavailable);
}
