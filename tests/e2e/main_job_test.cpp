// From a git push to running containers, through the two programs a user has.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/e2e/service.hpp"
#include "tests/e2e/world.hpp"

using namespace slipway;
using namespace slipway::e2e;

namespace {

using Versions = std::vector<std::string>;

/// A daemon, a project and its service; whatever the service left on the hosts goes at the end.
struct Scene {
  Scene(const std::string& name, int port)
      : cleared("e2e-" + name), repository(daemon, name), service(repository, "e2e-" + name, port) {}

  int watch(const std::string& commit) const {
    const Ran watched =
        daemon.slipway({"run", "watch", "-p", repository.project(), "--commit", commit, "--timeout", "180s"});
    INFO(watched.out << watched.err);
    CHECK_FALSE(watched.out.empty());
    return watched.code;
  }
  Json run_of(const std::string& commit) const {
    return daemon.slipway_json({"run", "view", "-p", repository.project(), "--commit", commit});
  }

  Cleared cleared;  // first: the daemon has ended when it goes
  Daemon daemon;
  Repository repository;
  Service service;
};

}  // namespace

TEST_CASE("a push is built, tested, pushed and rolled out to every host, and again for the next push") {
  Scene scene("push", 18081);
  const std::string first = scene.service.push("one");
  REQUIRE(scene.watch(first) == 0);
  CHECK(scene.service.versions() == Versions{"one", "one", "one"});

  const std::string second = scene.service.push("two");
  REQUIRE(scene.watch(second) == 0);
  CHECK(scene.service.versions() == Versions{"two", "two", "two"});

  const std::string pushed = scene.service.digest_of_tag("latest");
  CHECK_FALSE(pushed.empty());
  CHECK(scene.service.running_digests() == Versions{pushed, pushed, pushed});
  CHECK(scene.run_of(second).at("verdict") == "passed");
}

TEST_CASE("a failing unit test stops the chain: nothing is pushed, nothing is rolled out, and the exit code says so") {
  Scene scene("unit", 18082);
  REQUIRE(scene.watch(scene.service.push("good")) == 0);
  const std::string digest = scene.service.digest_of_tag("latest");

  const std::string bad = scene.service.push("bad", "echo 'expected 1, got 2'; exit 4");
  CHECK(scene.watch(bad) == 3);
  CHECK(scene.service.digest_of_tag("latest") == digest);
  CHECK(scene.service.digest_of_tag(bad.substr(0, 7)).empty());
  CHECK(scene.service.versions() == Versions{"good", "good", "good"});
  const Ran logs = scene.daemon.slipway({"run", "logs", "-p", "unit", "--commit", bad});
  CHECK(logs.out.find("expected 1, got 2") != std::string::npos);
  const Ran view = scene.daemon.slipway({"run", "view", "-p", "unit", "--commit", bad});
  CHECK(view.out.find("exit code 4") != std::string::npos);
}

TEST_CASE("a version that is unhealthy on the second host of three ends with all three serving the old version") {
  Scene scene("sick", 18083);
  REQUIRE(scene.watch(scene.service.push("good")) == 0);

  // The new version finds h2's volume broken: the file is written past slipway, into the volume itself.
  const Host second = rig_hosts().at(1);
  REQUIRE(
      second
          .docker({"run", "--rm", "--network", "none", "-v", scene.service.volume() + ":/state",
                   scene.service.image() + "@" + scene.service.digest_of_tag("latest"), "touch", "/state/broken-new"})
          .code == 0);
  CHECK(scene.watch(scene.service.push("new")) == 3);
  CHECK(scene.service.versions() == Versions{"good", "good", "good"});
  const Ran history = scene.daemon.slipway({"app", "history", scene.service.name()});
  INFO(history.out << history.err);
  CHECK(history.out.find("rolled_back") != std::string::npos);
  CHECK(history.out.find("h2") != std::string::npos);
}

TEST_CASE("the hosts get the tested digest although the tag is moved in the registry between push and rollout") {
  Scene scene("moved", 18084);
  REQUIRE(scene.watch(scene.service.push("evil")) == 0);
  const std::string evil = scene.service.digest_of_tag("latest");
  REQUIRE_FALSE(evil.empty());

  // It waits between the two for as long as the tag takes to be moved: no host has pulled anything by then.
  const std::string commit = scene.service.push("tested", "true", "  approval: {roles: [maintainer], timeout: 10m}\n");
  await_blocked(scene.daemon, "moved", commit, "production");
  const std::string tested = scene.service.digest_of_tag("latest");
  REQUIRE_FALSE(tested.empty());
  REQUIRE(tested != evil);
  REQUIRE(run({"tests/e2e/move_tag.sh", scene.service.image(), "latest", evil}).code == 0);
  REQUIRE(scene.service.digest_of_tag("latest") == evil);
  REQUIRE(scene.service.running_digests() == Versions{evil, evil, evil});

  REQUIRE(scene.daemon.slipway({"app", "approve", scene.service.name()}).code == 0);
  REQUIRE(scene.watch(commit) == 0);
  CHECK(scene.service.running_digests() == Versions{tested, tested, tested});
  CHECK(scene.service.versions() == Versions{"tested", "tested", "tested"});
  CHECK(scene.service.digest_of_tag("latest") == evil);
}

TEST_CASE("rollback brings the version before back on all hosts") {
  Scene scene("back", 18085);
  REQUIRE(scene.watch(scene.service.push("one")) == 0);
  REQUIRE(scene.watch(scene.service.push("two")) == 0);
  const Ran rolled = scene.daemon.slipway({"app", "rollback", scene.service.name()});
  INFO(rolled.out << rolled.err);
  REQUIRE(rolled.code == 0);
  CHECK(scene.service.versions() == Versions{"one", "one", "one"});
}

TEST_CASE("a daemon killed in the middle of a run finishes it after its restart") {
  Scene scene("killed", 18086);
  const std::string commit = scene.service.push("one", "for i in 1 2 3 4 5 6; do echo tick $i; sleep 0.5; done");
  for (int i = 0; i < 400; ++i) {
    const Ran logs = scene.daemon.slipway({"run", "logs", "-p", "killed", "--commit", commit});
    if (logs.out.find("tick 2") != std::string::npos) break;
  }
  scene.daemon.kill_hard();
  scene.daemon.start();
  REQUIRE(scene.watch(commit) == 0);
  CHECK(scene.service.versions() == Versions{"one", "one", "one"});
  const std::string log = scene.daemon.slipway({"run", "logs", "-p", "killed", "--commit", commit}).out;
  for (int i = 1; i <= 6; ++i) {
    const std::string tick = "tick " + std::to_string(i);
    const auto at = log.find(tick);
    CHECK(at != std::string::npos);
    CHECK(log.find(tick, at + 1) == std::string::npos);
  }
}

TEST_CASE("a daemon that is asked to stop ends at once, and the next one has what it knew") {
  Daemon daemon;
  Repository repository(daemon, "stopped");
  CHECK(daemon.stop(std::chrono::seconds(5)) == 0);
  daemon.start();
  CHECK(daemon.slipway({"project", "list"}).out.find("stopped") != std::string::npos);
}

TEST_CASE("a project is changed in what is given and in nothing else") {
  Daemon daemon;
  Repository repository(daemon, "edited");
  const auto shown = [&] {
    for (const Json& project : daemon.slipway_json({"project", "list"})) {
      if (text_at(project, "name") == "edited") return project;
    }
    return Json();
  };
  const Json before = shown();
  CHECK(daemon.slipway({"project", "edit", "edited", "--max-runs", "3", "--supersede", "--branch", "trunk"}).code == 0);
  const Json after = shown();
  CHECK(after["max_runs"] == 3);
  CHECK(after["supersede"] == true);
  CHECK(after["default_branch"] == "trunk");
  CHECK(after["clone_url"] == before["clone_url"]);
  CHECK(daemon.slipway({"project", "edit", "edited", "--max-runs", "0", "--no-supersede"}).code == 0);
  CHECK(shown()["max_runs"] == 0);
  CHECK(shown()["supersede"] == false);
  CHECK(daemon.slipway({"project", "edit", "edited"}).code == 2);
  CHECK(daemon.slipway({"project", "edit", "nobody", "--max-runs", "3"}).code == 1);
}
