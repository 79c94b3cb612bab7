// From a git push to a swarm, through the two programs a user has.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "tests/e2e/world.hpp"

using namespace slipway;
using namespace slipway::e2e;

namespace {

/// A swarm of the rig's hosts for as long as it lives, which the daemon's settings call "swarm".
class Cluster {
 public:
  Cluster() {
    leave();
    const std::vector<Host> hosts = rig_hosts();
    REQUIRE(hosts[0].docker({"swarm", "init", "--advertise-addr", hosts[0].address}).code == 0);
    std::string token = hosts[0].docker({"swarm", "join-token", "-q", "manager"}).out;
    token.resize(token.find_last_not_of('\n') + 1);
    for (std::size_t i = 1; i < hosts.size(); ++i) {
      const Ran joined = hosts[i].docker(
          {"swarm", "join", "--token", token, "--advertise-addr", hosts[i].address, hosts[0].address + ":2377"});
      INFO(joined.err);
      REQUIRE(joined.code == 0);
    }
  }
  ~Cluster() { leave(); }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] static std::string image_of(const std::string& service) {
    const Ran shown =
        rig_hosts()[0].docker({"service", "inspect", "-f", "{{.Spec.TaskTemplate.ContainerSpec.Image}}", service});
    return shown.out.substr(0, shown.out.find('\n'));
  }

 private:
  static void leave() {
    const std::vector<Host> hosts = rig_hosts();
    for (auto host = hosts.rbegin(); host != hosts.rend(); ++host) host->docker({"swarm", "leave", "--force"});
  }
};

constexpr const char* pipeline = R"(on:
  push: {{branches: ["**"]}}
images:
  app: {{context: .}}
jobs:
  publish:
    push: {{image: app, to: {image}, tags: [latest]}}
  production:
    needs: [publish]
    deploy: {{file: compose.yml, images: {{web: app}}, group: swarm}}
)";

constexpr const char* compose = R"(name: e2e-swarm
services:
  web:
    stop_grace_period: 1s
    healthcheck: {test: "test ! -e /www/broken", interval: 500ms, retries: 2}
    deploy:
      mode: global
      update_config: {parallelism: 0, monitor: 1s}
      rollback_config: {parallelism: 0, monitor: 1s}
x-slipway: {min_healthy_time: 500ms, health_deadline: 30s}
)";

std::string push(const Repository& repository, const std::string& version, const std::string& extra = {}) {
  repository.write("Dockerfile", "FROM busybox:latest\nRUN mkdir /www && printf " + version + " > /www/version\n" +
                                     extra + "CMD [\"httpd\", \"-f\", \"-v\", \"-p\", \"8080\", \"-h\", \"/www\"]\n");
  repository.write("slipway.yml",
                   fmt::format(pipeline, fmt::arg("image", required("SLIPWAY_TEST_REGISTRY") + "/e2e-swarm")));
  repository.write("compose.yml", compose);
  return repository.push();
}

/// What the newest task on each node serves; one that is ending may run beside it. Asked inside of it: swarms sometimes
/// never place a task again on a node where one that is ending still holds a port of the host.
std::vector<std::string> versions() {
  std::vector<std::string> found;
  for (const Host& host : rig_hosts()) {
    const std::string tasks =
        host.docker({"ps", "-q", "--filter", "label=com.docker.swarm.service.name=e2e-swarm_web"}).out;
    const std::string task = tasks.substr(0, tasks.find('\n'));
    found.push_back(host.docker({"exec", task, "wget", "-q", "-O", "-", "http://127.0.0.1:8080/version"}).out);
  }
  return found;
}

using Versions = std::vector<std::string>;

}  // namespace

TEST_CASE("a push goes to a swarm, and status, history, logs and rollback show it as they show hosts") {
  Daemon daemon;
  Repository repository(daemon, "swarm");
  Cluster cluster;
  const auto watch = [&](const std::string& commit) {
    const Ran watched = daemon.slipway({"run", "watch", "-p", "swarm", "--commit", commit, "--timeout", "180s"});
    INFO(watched.out << watched.err);
    CHECK_FALSE(watched.out.empty());
    return watched.code;
  };
  REQUIRE(watch(push(repository, "one")) == 0);
  CHECK(versions() == Versions{"one", "one", "one"});
  const std::string first = Cluster::image_of("e2e-swarm_web");
  REQUIRE(watch(push(repository, "two")) == 0);
  CHECK(versions() == Versions{"two", "two", "two"});

  CHECK(watch(push(repository, "sick", "RUN touch /www/broken\n")) == 3);
  CHECK(versions() == Versions{"two", "two", "two"});

  const Ran status = daemon.slipway({"app", "status", "e2e-swarm"});
  INFO(status.out << status.err);
  CHECK(status.out.find("generation 2, rolled_back") != std::string::npos);
  CHECK(status.out.find("3/3 running") != std::string::npos);
  const Json app = daemon.slipway_json({"app", "status", "e2e-swarm"});
  const Json& host = app.at("hosts").at(0);
  CHECK(host.at("host") == "swarm");
  CHECK(host.at("state") == "ok");
  CHECK(host.at("containers").at(0).at("wanted") == host.at("containers").at(0).at("digest"));

  const Ran logs = daemon.slipway({"app", "logs", "e2e-swarm"});
  INFO(logs.out << logs.err);
  CHECK(logs.out.find("response:200") != std::string::npos);

  const Ran rolled = daemon.slipway({"app", "rollback", "e2e-swarm"});
  INFO(rolled.out << rolled.err);
  REQUIRE(rolled.code == 0);
  CHECK(versions() == Versions{"one", "one", "one"});
  CHECK(Cluster::image_of("e2e-swarm_web") == first);
  const Ran history = daemon.slipway({"app", "history", "e2e-swarm"});
  INFO(history.out << history.err);
  CHECK(history.out.find("the swarm has rolled it back") != std::string::npos);
  CHECK(history.out.find("rollback") != std::string::npos);
}
