#include "orchestrator/checkout/mirrors.hpp"

#include <fstream>

#include <catch2/catch.hpp>

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
