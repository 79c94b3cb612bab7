// What slipwayd removes by itself.
#include "tests/integration/daemon/site.hpp"

using namespace slipway;
using namespace slipway::daemon;
namespace fs = std::filesystem;

TEST_CASE("a daemon forgets the runs that its settings no longer keep, with their logs", "[engine]") {
  const Folder folder;
  Site site(folder, "echo hello from $SLIPWAY_RUN");
  std::vector<std::int64_t> runs;
  for (int i = 0; i < 3; ++i) {
    runs.push_back(site.trigger_at_last());
    CHECK(site.finished(runs.back())["verdict"] == "passed");
  }
  const fs::path logs = folder.path() / "data" / "logs";
  REQUIRE(fs::exists(logs / std::to_string(runs[0])));
  REQUIRE(write_file(folder.path() / "slipwayd.yml", "git: {allow_local: true}\nretention: {runs: 1}\n"));
  site.start();
  const auto kept = [&](std::int64_t run) { return fs::exists(logs / std::to_string(run)); };
  for (int i = 0; i < 2000 && (kept(runs[0]) || kept(runs[1])); ++i) ::usleep(25'000);  // in whichever order
  INFO(site.daemon->output());
  for (const std::int64_t gone : {runs[0], runs[1]}) {
    CHECK_FALSE(kept(gone));
    CHECK(site.daemon->send("GET", "/api/v1/runs/" + std::to_string(gone)).status == 404);
  }
  CHECK(site.log(site.run_of(runs[2])).find("hello from") != std::string::npos);
  CHECK((*parse_json(site.daemon->send("GET", "/api/v1/runs").body))["items"].size() == 1);
}

TEST_CASE("a daemon that is stopped while no run is under way leaves no network in the engine", "[engine]") {
  const Folder folder;
  Site site(folder, "true");
  const std::string source = (folder.path() / "source").string();
  REQUIRE(run_program({"sh", "-ec",
                       "cd " + source + "; sed -i 's/network: none, //' slipway.yml; " +
                           "git -c user.name=d -c user.email=d@e.example commit -qam online"})
              .code == 0);
  const std::string said = site.daemon->output();
  const auto at = said.find("instance=");
  REQUIRE(at != std::string::npos);
  const std::string label = "label=dev.slipway." + said.substr(at, said.find_first_of(" \n", at) - at);
  const auto networks = [&] { return run_program({"docker", "network", "ls", "-q", "--filter", label}).out; };
  const Json run = site.finished(site.trigger_at_last());
  INFO(dump_json(run));
  CHECK(run["verdict"] == "passed");
  CHECK_FALSE(networks().empty());
  CHECK(site.daemon->stop() == 0);
  INFO(site.daemon->output());
  CHECK(networks().empty());
}
