// slipwayd and a real git server that wants a password.
#include <fstream>

#include "base/encoding.hpp"
#include "tests/integration/daemon/site.hpp"
#include "tests/support/git_servers.hpp"

using namespace slipway;
using namespace slipway::daemon;
namespace fs = std::filesystem;

namespace {

/// A daemon that believes the servers' CA, and a project of theirs.
struct PrivateSite {
  PrivateSite(const std::string& path, const std::string& id) : commit(id) {
    REQUIRE(write_file(folder.path() / "slipwayd.yml", "git: {ca_file: " + servers.ca_file().string() + "}\n"));
    REQUIRE(write_file(folder.path() / "password", servers.password() + "\n"));
    const char* tested = std::getenv("SLIPWAY_TEST_ENGINE");
    daemon.emplace(folder.path() / "data", std::string(),
                   std::map<std::string, std::string>{{"SLIPWAY_CONFIG", (folder.path() / "slipwayd.yml").string()}},
                   tested ? tested : "unix:///var/run/docker.sock");
    const Ran added = daemon->slipway({"project", "add", "shop", "--clone-url", servers.https(path), "--clone-username",
                                       "robot", "--clone-password-file", (folder.path() / "password").string()});
    INFO(added.err);
    REQUIRE(added.code == 0);
  }
  std::int64_t trigger() {
    const HttpResponse taken = daemon->send("POST", "/api/v1/projects/shop/runs", {{"ref", "main"}});
    REQUIRE(taken.status == 201);
    return (*parse_json(taken.body))["id"].get<std::int64_t>();
  }
  Json finished(std::int64_t id) {
    for (int i = 0; i < 2000; ++i) {
      Json run = parse_json(daemon->send("GET", "/api/v1/runs/" + std::to_string(id)).body).value();
      if (run["state"] == "finished") return run;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    FAIL(daemon->output());
    return {};
  }
  [[nodiscard]] std::vector<std::string> secrets() const {
    return {servers.password(), to_base64("robot:" + servers.password())};
  }

  Folder folder;
  const GitServers& servers = shared();
  std::string commit;
  std::optional<LiveDaemon> daemon;

  static GitServers& shared() {
    static GitServers running;
    return running;
  }
};

std::string content_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// Files below `folder`, and processes, that hold one of the words in what they are or how they were called.
std::vector<std::string> places_with(const std::vector<std::string>& words, const fs::path& folder) {
  std::vector<fs::path> places;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) places.push_back(entry.path() / "cmdline");
  for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
    if (entry.is_regular_file(ignored)) places.push_back(entry.path());
  }
  std::vector<std::string> found;
  for (const fs::path& place : places) {
    const std::string content = content_of(place);
    for (const std::string& word : words) {
      if (content.find(word) != std::string::npos) found.push_back(place.string());
    }
  }
  return found;
}

/// True while a git that this site's daemon started talks to a server.
bool talks_to_a_server(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    if (!content_of(entry.path() / "comm").starts_with("git-remote-http")) continue;
    if (content_of(entry.path() / "environ").find(folder.string()) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a run gets its commit with the project's password, which is in no log, no file and no answer", "[engine]") {
  const GitServers& servers = PrivateSite::shared();
  const std::string path = GENERATE("site.git", "cut/site.git");
  CAPTURE(path);
  const std::string id =
      servers.commit("site.git", "head -c 200000 /dev/urandom > noise; echo 'jobs: {}' > slipway.yml");
  PrivateSite site(path, id);
  const Json run = site.finished(site.trigger());
  INFO(dump_json(run));
  // Which commit it is was asked first. Its pipeline file has no jobs: that is told of the first; the other can't be
  // had.
  const bool is_whole = path == "site.git";
  CHECK(run["commit"] == id);
  CHECK((run["reason"].get<std::string>().find("slipway.yml") != std::string::npos) == is_whole);
  CHECK(places_with(site.secrets(), site.folder.path() / "data") == std::vector<std::string>{});
  for (const std::string& word : site.secrets()) {
    CHECK(site.daemon->output().find(word) == std::string::npos);
    CHECK(dump_json(run).find(word) == std::string::npos);
    CHECK(site.daemon->send("GET", "/api/v1/projects").body.find(word) == std::string::npos);
  }
}

TEST_CASE("while a fetch hangs its password is in no command line, and a cancel ends git", "[engine]") {
  PrivateSite site("hang/site.git", "");
  const std::int64_t id = site.trigger();
  for (int i = 0; i < 2000 && !talks_to_a_server(site.folder.path()); ++i) ::usleep(25'000);
  REQUIRE(talks_to_a_server(site.folder.path()));
  ::usleep(300'000);  // so that the request is on its way
  CHECK(places_with(site.secrets(), site.folder.path() / "data") == std::vector<std::string>{});
  CHECK(site.daemon->send("POST", "/api/v1/runs/" + std::to_string(id) + "/cancel").status < 300);
  CHECK(site.finished(id)["verdict"] == "cancelled");
  CHECK_FALSE(talks_to_a_server(site.folder.path()));
}
