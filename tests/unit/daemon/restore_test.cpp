#include "orchestrator/daemon/restore.hpp"

#include <fstream>

#include "orchestrator/store/snapshot.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace fs = std::filesystem;

namespace {

/// A data folder as an upgrade leaves it, with a run from before it and one from after.
fs::path upgraded(store::TemporaryStore& s) {
  const ProjectId project = store::add_project(s);
  store::add_run(s, project);
  fs::path copy = s.folder.path / "slipway.db.v6";
  REQUIRE(store::write_snapshot(s.folder.path, copy));
  store::add_run(s, project);
  s.store.reset();
  fs::create_directories(s.folder.path / "logs" / "1");
  return copy;
}

}  // namespace

TEST_CASE("the copy that an upgrade kept is restored as a backup is: numbers go on higher, and the logs stay") {
  store::TemporaryStore s;
  const fs::path copy = upgraded(s);
  CHECK(restore_backup(copy, s.folder.path, false).error().kind == Error::Kind::conflict);
  const auto restored = restore_backup(copy, s.folder.path, true);
  INFO((restored ? "" : restored.error().message));
  REQUIRE(restored);
  CHECK(fs::exists(restored->before / "slipway.db"));
  CHECK(fs::exists(s.folder.path / "logs" / "1"));
  CHECK(fs::exists(copy));
  s.open();
  CHECK(s.read(&store::Runs::get, RunId(1)));
  CHECK_FALSE(s.read(&store::Runs::get, RunId(2)));
  CHECK(store::add_run(s, s.read(&store::Projects::find, "shop")->id).value > 100'000);
}

TEST_CASE("a database that is cut short, or in use, is not restored, and nothing is touched") {
  store::TemporaryStore s;
  const fs::path copy = upgraded(s);
  SECTION("cut short") {
    fs::resize_file(copy, fs::file_size(copy) / 2);
  }
  SECTION("with a -wal beside") {
    std::ofstream(copy.string() + "-wal") << "x";
  }
  const auto refused = restore_backup(copy, s.folder.path, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::invalid);
  s.open();
  CHECK(s.read(&store::Runs::get, RunId(2)));
}
