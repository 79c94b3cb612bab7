#include "orchestrator/checkout/mirrors.hpp"

#include <array>
#include <ctime>
#include <fstream>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/ids.hpp"

using namespace slipway;
using namespace slipway::checkout;
namespace fs = std::filesystem;

namespace {

/// A git folder with mirrors that were last used when the test says.
class Mirrors {
 public:
  Mirrors() : folder(fs::temp_directory_path() / ("slipway-mirrors-" + random_hex(6))) {
    fs::create_directories(folder);
  }
  ~Mirrors() { fs::remove_all(folder); }
  Mirrors(const Mirrors&) = delete;

  void add(const std::string& name, std::chrono::hours age, int commits = 1) const {
    const fs::path refs = folder / (name + ".git") / "refs" / "slipway";
    fs::create_directories(refs);
    for (int i = 0; i < commits; ++i) std::ofstream(refs / std::to_string(i)) << "x";
    std::ofstream(folder / (name + ".known_hosts")) << "key";
    fs::last_write_time(folder / (name + ".git"), fs::file_time_type::clock::now() - age);
  }
  /// A file of LFS that was fetched and last read so long ago.
  [[nodiscard]] fs::path add_lfs(const std::string& name, const std::string& file, std::chrono::hours fetched,
                                 std::chrono::hours last_read) const {
    const fs::path path = folder / (name + ".git") / "lfs" / file;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << "content";
    const std::time_t now = std::time(nullptr);
    const auto ago = [&](std::chrono::hours time) { return timespec{now - std::chrono::seconds(time).count(), 0}; };
    const std::array<timespec, 2> times{ago(last_read), ago(fetched)};
    REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times.data(), 0) == 0);
    return path;
  }
  [[nodiscard]] bool has(const std::string& name) const { return fs::exists(folder / (name + ".git")); }
  [[nodiscard]] bool knows_hosts_of(const std::string& name) const {
    return fs::exists(folder / (name + ".known_hosts"));
  }

  const fs::path folder;
};

}  // namespace

TEST_CASE("mirrors of projects that are gone and of submodules that nothing uses are removed, and no others") {
  using namespace std::chrono_literals;
  const Mirrors mirrors;
  std::ofstream(mirrors.folder / "config") << "git's own";
  mirrors.add("project-1", 24h * 400, 500);
  mirrors.add("project-1.module.aaaa", 24h * 15);
  mirrors.add("project-1.module.bbbb", 24h * 13);
  mirrors.add("project-1.module.cccc", 0h, 201);
  mirrors.add("project-2.module.aaaa", 24h * 15);
  mirrors.add("project-3", 2h);
  mirrors.add("project-3.module.aaaa", 2h);
  mirrors.add("project-4", 0h);
  MirrorRetention keep;
  keep.owners = {"project-1", "project-2"};
  keep.busy = {"project-2"};
  CHECK(remove_old_mirrors(mirrors.folder, keep) == 4);
  CHECK(mirrors.has("project-1"));
  CHECK_FALSE(mirrors.has("project-1.module.aaaa"));
  CHECK(mirrors.has("project-1.module.bbbb"));
  CHECK_FALSE(mirrors.has("project-1.module.cccc"));
  CHECK(mirrors.has("project-2.module.aaaa"));
  CHECK_FALSE(mirrors.has("project-3"));
  CHECK_FALSE(mirrors.has("project-3.module.aaaa"));
  CHECK(mirrors.has("project-4"));
  CHECK(mirrors.knows_hosts_of("project-1.module.aaaa"));
  CHECK_FALSE(mirrors.knows_hosts_of("project-3"));
  CHECK(fs::exists(mirrors.folder / "config"));
}

TEST_CASE("a mirror that was used just now is not old") {
  const Mirrors mirrors;
  mirrors.add("project-1.module.aaaa", std::chrono::hours(24 * 15));
  mark_used(mirrors.folder / "project-1.module.aaaa.git");
  MirrorRetention keep;
  keep.owners = {"project-1"};
  CHECK(remove_old_mirrors(mirrors.folder, keep) == 0);
}

TEST_CASE("files of LFS that were neither fetched nor read for two weeks are removed, unless their project is busy") {
  using namespace std::chrono_literals;
  const Mirrors mirrors;
  for (const auto* name : {"project-1", "project-2", "project-1.module.aaaa"}) mirrors.add(name, 0h);
  const fs::path old = mirrors.add_lfs("project-1", "objects/aa/bb/old", 24h * 15, 24h * 15);
  const fs::path was_read = mirrors.add_lfs("project-1", "objects/aa/bb/read", 24h * 15, 24h * 2);
  const fs::path fetched = mirrors.add_lfs("project-1", "objects/aa/cc/fetched", 24h * 13, 24h * 15);
  const fs::path partial = mirrors.add_lfs("project-1", "incomplete/old.part", 24h * 15, 24h * 15);
  const fs::path of_module = mirrors.add_lfs("project-1.module.aaaa", "objects/aa/bb/old", 24h * 15, 24h * 15);
  const fs::path busy = mirrors.add_lfs("project-2", "objects/aa/bb/old", 24h * 15, 24h * 15);
  const fs::path other = mirrors.add_lfs("other", "objects/aa/bb/old", 24h * 15, 24h * 15);
  MirrorRetention keep;
  keep.owners = {"project-1", "project-2"};
  keep.busy = {"project-2"};
  CHECK(remove_old_lfs_files(mirrors.folder, keep) == 3);
  for (const fs::path& gone : {old, partial, of_module}) CHECK_FALSE(fs::exists(gone));
  for (const fs::path& kept : {was_read, fetched, busy, other}) CHECK(fs::exists(kept));
}
