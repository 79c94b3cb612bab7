#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "tests/integration/daemon/live_daemon.hpp"

using namespace slipway;
using namespace slipway::daemon;

TEST_CASE("slipway login keeps the CA's file by a path that holds in every folder") {
  const Folder folder;
  const LiveDaemon daemon(folder.path() / "data");
  const auto here = folder.path() / "here";
  std::filesystem::create_directories(here);
  REQUIRE(write_file(here / "ca.pem", "of no use to http\n"));
  const auto kept = [&](std::vector<std::string> words, std::map<std::string, std::string> environment) {
    environment["XDG_CONFIG_HOME"] = folder.path().string();
    words.insert(words.begin(), {SLIPWAY_PATH, "login", "--url", daemon.url()});
    const Ran login = run_program(words, environment, daemon.token() + "\n", here);
    CAPTURE(login.err);
    REQUIRE(login.code == 0);
    return text_at((*parse_json(*read_file(folder.path() / "slipway" / "config.json")))["contexts"]["default"], "ca");
  };
  CHECK(kept({"--ca", "./ca.pem"}, {}) == (here / "ca.pem").string());
  CHECK(kept({}, {{"SLIPWAY_CA", "ca.pem"}}) == (here / "ca.pem").string());
  CHECK(kept({"--ca", (here / "ca.pem").string()}, {}) == (here / "ca.pem").string());
  CHECK(kept({}, {}).empty());
}
