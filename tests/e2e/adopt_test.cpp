// What Docker Compose runs on hosts becomes an application, through the two programs a user has.
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "tests/e2e/service.hpp"
#include "tests/e2e/world.hpp"

using namespace slipway;
using namespace slipway::e2e;

namespace {

constexpr const char* services = R"(services:
  web:
    image: {image}
    restart: always
    ports: ["{port}:8080"]
    volumes: ["state:/state:ro"]
    stop_grace_period: 1s
volumes:
  state:
)";

/// `docker-compose up` on every host, whose engines have the images.
void compose_up(const std::string& project, const std::filesystem::path& folder) {
  for (const Host& host : rig_hosts()) {
    const Ran ran = run({"docker-compose", "-p", project, "up", "-d", "-t", "1"},
                        {{"DOCKER_HOST", "tcp://" + host.address + ":2376"},
                         {"DOCKER_TLS_VERIFY", "1"},
                         {"DOCKER_CERT_PATH", required("SLIPWAY_TEST_TLS")}},
                        {}, folder);
    INFO("docker-compose (tools/install.sh test) on " << host.name << ": " << ran.err);
    REQUIRE(ran.code == 0);
  }
}

/// The only container of a service on each host, and since when it runs.
std::vector<std::string> lives(const std::string& project) {
  std::vector<std::string> lives;
  for (const Host& host : rig_hosts()) {
    const std::string id = host.docker({"ps", "-q", "--filter", "label=com.docker.compose.project=" + project}).out;
    lives.push_back(host.docker({"inspect", "-f", "{{.Id}} {{.State.StartedAt}}", id.substr(0, id.find('\n'))}).out);
  }
  return lives;
}

}  // namespace

TEST_CASE("what Docker Compose runs is adopted without a restart, and the next push is rolled out over it and back") {
  const Cleared cleared_built("e2e-built");
  const Cleared cleared_composed("e2e-composed");
  Daemon daemon;
  const Repository repository(daemon, "takeover");
  const Service built(repository, "e2e-built", 18090);
  const Service composed(repository, "e2e-composed", 18091);
  const auto deployed = [&](const std::string& commit) {
    return daemon.slipway({"run", "watch", "-p", "takeover", "--commit", commit, "--timeout", "120s"}).code == 0;
  };
  REQUIRE(deployed(built.push("one")));
  const Folder folder;
  const std::string file = fmt::format(services, fmt::arg("image", built.image() + "@" + built.digest_of_tag("latest")),
                                       fmt::arg("port", 18091));
  REQUIRE(write_file(folder.path() / "docker-compose.yml", file));
  REQUIRE(write_file(folder.path() / "compose.yml", "name: e2e-composed\n" + file));
  compose_up("e2e-composed", folder.path());
  const std::vector<std::string> all_one{"one", "one", "one"};
  for (int tries = 0; composed.versions() != all_one && tries < 100; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  REQUIRE(composed.versions() == all_one);
  const auto before = lives("e2e-composed");

  const std::vector<std::string> adopt{
      "app",       "adopt",    "e2e-composed", "--from-compose", (folder.path() / "compose.yml").string(),
      "--project", "takeover", "--group",      "production"};
  const Ran adopted = daemon.slipway(adopt);
  INFO(adopted.out << adopted.err);
  REQUIRE(adopted.code == 0);
  CHECK(adopted.out.find("The next deployment makes these anew") == std::string::npos);
  CHECK(lives("e2e-composed") == before);
  const Json status = daemon.slipway_json({"app", "status", "e2e-composed"});
  REQUIRE(status.at("hosts").size() == 3);
  for (const Json& host : status.at("hosts")) CHECK(host.at("state") == "ok");
  const Ran again = daemon.slipway(adopt);
  CHECK(again.code != 0);
  CHECK(again.err.find("e2e-composed") != std::string::npos);

  REQUIRE(deployed(composed.push("two")));
  CHECK(composed.versions() == std::vector<std::string>{"two", "two", "two"});
  REQUIRE(daemon.slipway({"app", "rollback", "e2e-composed"}).code == 0);
  CHECK(composed.versions() == all_one);
  CHECK(lives("e2e-composed") != before);
}
