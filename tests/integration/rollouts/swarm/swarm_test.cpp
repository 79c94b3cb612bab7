// Rollouts onto a real swarm of the rig's three hosts.
#include <algorithm>
#include <csignal>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/inventory.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "tests/integration/rollouts/fleet/cut_off.hpp"
#include "tests/integration/rollouts/fleet/parts.hpp"
#include "tests/integration/rollouts/fleet/run_worker.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"
#include "tests/integration/rollouts/fleet/test_swarm.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// web on port 8080 of each of three nodes; `deploy` are further lines of it.
std::string on_swarm(const std::string& application, const std::string& deploy = {}) {
  return "name: " + application +
         "\nservices:\n  web:\n    ports: [{target: 8080, published: \"8080\", mode: host}]\n"
         "    stop_grace_period: 1s\n"
         "    deploy:\n      mode: global\n      update_config: {monitor: 1s, parallelism: 1}\n"
         "      restart_policy: {condition: any, delay: 200ms}\n" +
         deploy + "x-slipway:\n  targets: [swarm]\n  min_healthy_time: 500ms\n  health_deadline: 60s\n";
}

std::string label_at(const docker::Labels& labels, std::string_view key) {
  return label_of(labels, key);
}

ApplicationStatus status_of(Scene& scene) {
  Parts parts = parts_of(*scene.fleet);
  Inventory inventory(parts);
  auto status = scene.fleet->run(inventory.status(scene.application));
  REQUIRE(status);
  return std::move(*status);
}

/// Every option of a service that a swarm honours and this machine can have.
const std::string all_options = R"(    environment: {A: "1"}
    user: "0"
    group_add: ["5"]
    working_dir: /data
    hostname: db
    tty: true
    stdin_open: true
    stop_signal: SIGKILL
    init: true
    read_only: true
    tmpfs: ["/tmp", "/www"]
    labels: {of: container}
    dns: [192.0.2.53]
    dns_search: [example]
    dns_opt: ["ndots:1"]
    extra_hosts: ["other:192.0.2.9"]
    cap_add: [IPC_LOCK]
    cap_drop: [MKNOD]
    sysctls: {net.ipv4.ip_unprivileged_port_start: "0"}
    ulimits: {nofile: {soft: 500, hard: 600}}
    logging: {driver: json-file, options: {max-size: 1m}}
    platform: linux/amd64
    deploy:
      replicas: 2
      labels: {of: service}
      endpoint_mode: dnsrr
      resources:
        limits: {cpus: "0.5", memory: 64m, pids: 50}
        reservations: {cpus: "0.01", memory: 8m}
      restart_policy: {condition: on-failure, delay: 1s, window: 5s, max_attempts: 3}
      update_config: {parallelism: 2, delay: 1s, monitor: 2s, failure_action: pause, max_failure_ratio: 0.1, order: start-first}
      rollback_config: {parallelism: 0, delay: 1s, monitor: 2s, failure_action: continue, max_failure_ratio: 0.1, order: stop-first}
      placement:
        constraints: ["node.role==manager"]
        preferences: [{spread: node.labels.zone}]
        max_replicas_per_node: 1
)";

/// How many tasks of the service were ever made for `image`.
std::size_t tasks_of(TestSwarm& swarm, const std::string& service, const std::string& image) {
  const auto tasks = swarm.tasks(service);
  return static_cast<std::size_t>(
      std::count_if(tasks.begin(), tasks.end(), [&](const docker::Task& task) { return task.image == image; }));
}

}  // namespace

TEST_CASE("a swarm's service is made, updated and rolled back by digest, and status shows it in the words for a host") {
  Scene scene("ro-swarm");
  TestSwarm swarm(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "swarm-1", "one");
  const std::string two = push_web_image(*scene.fleet, "swarm-2", "two");

  const auto first = scene.fleet->roll_out(on_swarm("ro-swarm"), one);
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  CHECK(scene.said("services to create: ro-swarm_web"));
  CHECK(swarm.served(8080) == thrice("one"));
  CHECK(swarm.service("ro-swarm_web").image == one);

  const auto second = scene.fleet->roll_out(on_swarm("ro-swarm"), two);
  INFO(second.reason);
  REQUIRE(second.state == "succeeded");
  CHECK(scene.said("services to update: ro-swarm_web"));
  CHECK(scene.said("can't share a port of the node"));
  CHECK(swarm.served(8080) == thrice("two"));
  const docker::Service service = swarm.service("ro-swarm_web");
  CHECK(service.image == two);
  CHECK(label_at(service.labels, label::generation) == "2");

  const ApplicationStatus status = status_of(scene);
  REQUIRE(status.hosts.size() == 1);
  CHECK(status.hosts[0].host == "swarm");
  INFO(status.hosts[0].reason);
  CHECK(status.hosts[0].state == "ok");
  REQUIRE(status.hosts[0].containers.size() == 1);
  const Shown& shown = status.hosts[0].containers[0];
  CHECK(shown.name == "ro-swarm_web");
  CHECK(shown.generation == 2);
  CHECK(shown.status == "3/3 running");
  CHECK(status.images.at("web").ends_with(shown.digest));

  SECTION("rolled out again, nothing is updated") {
    CHECK(scene.fleet->roll_out(on_swarm("ro-swarm"), two).state == "succeeded");
    CHECK(swarm.service("ro-swarm_web").version == service.version);
  }
  SECTION("a rollback goes to the digest before") {
    const auto id = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-swarm", "ann"));
    REQUIRE(id);
    const auto back = scene.fleet->wait(*id);
    INFO(back.reason);
    CHECK(back.state == "succeeded");
    CHECK(back.generation == 1);
    CHECK(swarm.served(8080) == thrice("one"));
    CHECK(swarm.service("ro-swarm_web").image == one);
    CHECK(swarm.service("ro-swarm_web").update.state == docker::UpdateStatus::State::rollback_completed);
    const auto nothing = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-swarm", "ann"));
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().message == "ro-swarm has no earlier generation to go back to");
  }
}

TEST_CASE("an update that fails in a swarm is rolled back, says which task failed of what, and promotes nothing") {
  Scene scene("ro-swarmfail");
  TestSwarm swarm(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "swarmfail-1", "one");
  const std::string two = push_web_image(*scene.fleet, "swarmfail-2", "two");
  REQUIRE(scene.fleet->roll_out(on_swarm("ro-swarmfail"), one).state == "succeeded");
  std::string broken = on_swarm("ro-swarmfail");
  broken.insert(broken.find("    stop_grace_period"), "    command: \"sh -c 'echo no database; sleep 0.3; exit 3'\"\n");

  const auto rollout = scene.fleet->roll_out(broken, two);
  CHECK(rollout.state == "rolled_back");
  INFO(rollout.reason);
  CHECK_THAT(rollout.reason, Catch::Contains("service web: the swarm has rolled it back"));
  CHECK_THAT(rollout.reason, Catch::Contains("task: non-zero exit (3)"));
  CHECK(scene.said("last lines of the task's log:\nno database"));
  CHECK(swarm.served(8080) == thrice("one"));
  CHECK(swarm.service("ro-swarmfail_web").image == one);
  const auto application = scene.fleet->run(scene.fleet->store->read(&store::Applications::get, "ro-swarmfail"));
  REQUIRE(application);
  CHECK(application->promoted == 1);
}

TEST_CASE("a daemon that is killed again and again during a swarm's update goes on with it, and asks for it once") {
  Scene scene("ro-swarmkill");
  TestSwarm swarm(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "swarmkill-1", "one");
  const std::string two = push_web_image(*scene.fleet, "swarmkill-2", "two");
  REQUIRE(scene.fleet->roll_out(on_swarm("ro-swarmkill"), one).state == "succeeded");
  const std::uint64_t version = swarm.service("ro-swarmkill_web").version;
  const std::size_t made = tasks_of(swarm, "ro-swarmkill_web", one);

  const auto id = scene.fleet->begin(on_swarm("ro-swarmkill"), two);
  REQUIRE(id);
  int ended = -SIGKILL;
  int killed = -1;
  scene.fleet->while_closed([&] {
    for (; ended == -SIGKILL && killed < 39; ++killed) ended = run_worker(scene.folder, 3);
  });
  CHECK(ended == 0);
  CHECK(killed >= 2);
  const auto rollout = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::get, *id));
  REQUIRE(rollout);
  INFO(rollout->reason);
  CHECK(rollout->state == "succeeded");
  CHECK(swarm.served(8080) == thrice("two"));
  CHECK(tasks_of(swarm, "ro-swarmkill_web", two) == made);
  CHECK(swarm.service("ro-swarmkill_web").version > version);
}

TEST_CASE("a service with secrets, a config and a volume follows the one it depends on, and an unused secret goes") {
  Scene scene("ro-swarmfiles");
  TestSwarm swarm(*scene.fleet);
  scene.fleet->secrets.values["word"] = "first";
  const std::string image = push_web_image(*scene.fleet, "swarmfiles", "x");
  const std::string show =
      "sh -c 'mkdir -p /www; cat /run/secrets/word /etc/motd > /www/index.html; exec httpd -f -p 8080 -h /www'";
  const std::string compose =
      "name: ro-swarmfiles\nservices:\n  web:\n    command: \"" + show +
      "\"\n    ports: [{target: 8080, published: \"8080\", mode: host}]\n    stop_grace_period: 1s\n"
      "    secrets: [word]\n    configs: [{source: motd, target: /etc/motd}]\n    depends_on: {db: {condition: "
      "service_healthy}}\n"
      "    deploy: {mode: global, update_config: {monitor: 500ms, parallelism: 0}}\n"
      "  db:\n    image: \"" +
      image +
      "\"\n    volumes: [\"data:/data\"]\n    stop_grace_period: 1s\n"
      "    healthcheck: {test: \"test -d /data\", interval: 300ms}\n" +
      all_options +
      "volumes: {data: {}}\nsecrets: {word: {external: true}}\nconfigs: {motd: {content: \" of the day\"}}\n"
      "x-slipway: {targets: [swarm], min_healthy_time: 300ms, health_deadline: 60s}\n";
  const auto first = scene.fleet->roll_out(compose, image);
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  CHECK(swarm.served(8080) == thrice("first of the day"));
  const auto web = swarm.tasks("ro-swarmfiles_web");
  const auto db = swarm.tasks("ro-swarmfiles_db");
  REQUIRE(db.size() == 2);
  CHECK(std::all_of(web.begin(), web.end(),
                    [&](const docker::Task& task) { return task.since > std::max(db[0].since, db[1].since); }));
  const ApplicationStatus status = status_of(scene);
  INFO(status.hosts[0].reason);
  CHECK(status.hosts[0].state == "ok");
  const std::uint64_t version = swarm.service("ro-swarmfiles_db").version;

  scene.fleet->secrets.values["word"] = "second";
  const auto id = scene.fleet->run(scene.fleet->rollouts->redeploy("ro-swarmfiles", false, "ann"));
  REQUIRE(id);
  const auto second = scene.fleet->wait(*id);
  INFO(second.reason);
  REQUIRE(second.state == "succeeded");
  CHECK(swarm.served(8080) == thrice("second of the day"));
  CHECK(swarm.service("ro-swarmfiles_db").version == version);
  CHECK(scene.fleet->run(swarm.manager().secrets().list())->size() == 1);
}

TEST_CASE(
    "an application on a swarm is adopted when the daemon's data is lost, nothing is touched, and it can be deployed") {
  Scene scene("ro-swarmadopt");
  const std::string other = "  other:\n    image: \"IMAGE\"\n    stop_grace_period: 1s\n";
  std::string compose = on_swarm("ro-swarmadopt");
  const std::string image = push_web_image(*scene.fleet, "swarmadopt", "one");
  std::uint64_t version = 0;
  {
    TestSwarm swarm(*scene.fleet);
    std::string both = compose;
    both.insert(both.find("x-slipway"), other).replace(both.find("IMAGE"), 5, image);
    REQUIRE(scene.fleet->roll_out(both, image).state == "succeeded");
    REQUIRE(scene.fleet->roll_out(compose, image).state == "succeeded");  // only takes a service away
    version = swarm.service("ro-swarmadopt_web").version;

    scene.fleet->while_closed([&] { std::filesystem::remove_all(scene.folder); });
    scene.fleet->add_project();
    AdoptionOrder order;
    order.application = "ro-swarmadopt";
    order.by = "ann";
    const auto adopted = scene.fleet->run(scene.fleet->rollouts->adopt(order));
    INFO((adopted ? std::string() : adopted.error().message));
    REQUIRE(adopted);
    CHECK(swarm.service("ro-swarmadopt_web").version == version);
    const ApplicationStatus status = status_of(scene);
    CHECK(status.summary.promoted == 2);
    CHECK(status.hosts[0].state == "ok");
    const auto next = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "swarmadopt-2", "two"));
    INFO(next.reason);
    CHECK(next.state == "succeeded");
    CHECK(swarm.served(8080) == thrice("two"));
  }
}

TEST_CASE("a first rollout that fails in a swarm leaves nothing there") {
  Scene scene("ro-swarmfirst");
  TestSwarm swarm(*scene.fleet);
  std::string broken = on_swarm("ro-swarmfirst");
  broken.insert(broken.find("    stop_grace_period"), "    command: \"sh -c 'exit 4'\"\n");
  const auto rollout = scene.fleet->roll_out(broken, push_web_image(*scene.fleet, "swarmfirst", "x"));
  CHECK(rollout.state == "rolled_back");
  INFO(rollout.reason);
  CHECK_THAT(rollout.reason, Catch::Contains("tasks run; a task on node") && Catch::Contains("non-zero exit (4)"));
  CHECK(scene.fleet->run(swarm.manager().services().list())->empty());
}

TEST_CASE("with failure_action pause a failed update stays as it is, and a redeployment brings back what is promoted") {
  Scene scene("ro-swarmpause");
  TestSwarm swarm(*scene.fleet);
  const std::string image = push_web_image(*scene.fleet, "swarmpause", "one");
  std::string compose = on_swarm("ro-swarmpause");
  compose.replace(compose.find("{monitor: 1s"), 12, "{failure_action: pause, monitor: 1s");
  REQUIRE(scene.fleet->roll_out(compose, image).state == "succeeded");
  std::string broken = compose;
  broken.insert(broken.find("    stop_grace_period"), "    command: \"sh -c 'exit 4'\"\n");
  const auto rollout = scene.fleet->roll_out(broken, image);
  CHECK(rollout.state == "failed");
  INFO(rollout.reason);
  CHECK_THAT(rollout.reason, Catch::Contains("service web: the swarm has paused its update"));
  CHECK(swarm.service("ro-swarmpause_web").update.state == docker::UpdateStatus::State::paused);
  CHECK(status_of(scene).hosts[0].state == "drifted");

  const auto id = scene.fleet->run(scene.fleet->rollouts->redeploy("ro-swarmpause", false, "ann"));
  REQUIRE(id);
  const auto again = scene.fleet->wait(*id);
  INFO(again.reason);
  CHECK(again.state == "succeeded");
  CHECK(swarm.served(8080) == thrice("one"));
  CHECK(status_of(scene).hosts[0].state == "ok");
}

TEST_CASE("a swarm's service that somebody removed is healed where the file wants that") {
  Scene scene("ro-swarmheal");
  TestSwarm swarm(*scene.fleet);
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  const std::string compose = on_swarm("ro-swarmheal") + "  drift: {action: heal, interval: 5s}\n";
  REQUIRE(scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "swarmheal", "one")).state == "succeeded");
  REQUIRE(scene.fleet->run(swarm.manager().services().remove("ro-swarmheal_web")));
  scene.fleet->run_until([&] {
    const auto rollouts = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::list, "ro-swarmheal", 1));
    return rollouts && rollouts->front().kind == "heal" && rollouts->front().ended;
  });
  CHECK(scene.fleet->run(scene.fleet->store->read(&store::Rollouts::list, "ro-swarmheal", 1))->front().state ==
        "succeeded");
  CHECK(swarm.served(8080) == thrice("one"));
}

TEST_CASE("a rollout goes on through another manager when the one it spoke to is gone") {
  Scene scene("ro-swarmgone");
  TestSwarm swarm(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "swarmgone-1", "one");
  const std::string two = push_web_image(*scene.fleet, "swarmgone-2", "two");
  std::string compose = on_swarm("ro-swarmgone");
  compose.replace(compose.find("mode: global"), 12, "replicas: 2");
  compose.insert(compose.find("x-slipway"), "      placement: {max_replicas_per_node: 1}\n");
  REQUIRE(scene.fleet->roll_out(compose, one).state == "succeeded");

  CutOff cut(*scene.fleet, "h1");
  const auto rollout = scene.fleet->roll_out(compose, two);
  INFO(rollout.reason);
  CHECK(rollout.state == "succeeded");
  CHECK(scene.fleet->served("h2", 8080) == "two");
  CHECK(scene.fleet->served("h3", 8080) == "two");
}

TEST_CASE("a service that the file has no more is removed, and one that somebody changed shows as drifted") {
  Scene scene("ro-swarmdrift");
  TestSwarm swarm(*scene.fleet);
  const std::string image = push_web_image(*scene.fleet, "swarmdrift", "one");
  std::string compose = on_swarm("ro-swarmdrift");
  const std::string other = "  other:\n    image: \"" + image + "\"\n    stop_grace_period: 1s\n";
  compose.insert(compose.find("x-slipway"), other);
  REQUIRE(scene.fleet->roll_out(compose, image).state == "succeeded");
  CHECK(status_of(scene).hosts[0].state == "ok");

  const docker::Service service = swarm.service("ro-swarmdrift_other");
  auto spec = parse_json(service.spec);
  REQUIRE(spec);
  (*spec)["Mode"]["Replicated"]["Replicas"] = 2;
  REQUIRE(swarm.change(service, dump_json(*spec)));
  const ApplicationStatus drifted = status_of(scene);
  CHECK(drifted.hosts[0].state == "drifted");
  CHECK(drifted.hosts[0].reason == "service ro-swarmdrift_other was changed: Mode.Replicated.Replicas is 2, not 1");

  SECTION("a redeployment brings it back") {
    const auto id = scene.fleet->run(scene.fleet->rollouts->redeploy("ro-swarmdrift", false, "ann"));
    REQUIRE(id);
    CHECK(scene.fleet->wait(*id).state == "succeeded");
    CHECK(swarm.service("ro-swarmdrift_other").replicas == 1);
    CHECK(status_of(scene).hosts[0].state == "ok");
  }
  SECTION("without it the next generation is as its file says") {
    compose.erase(compose.find(other), other.size());
    const auto without = scene.fleet->roll_out(compose, image);
    INFO(without.reason);
    REQUIRE(without.state == "succeeded");
    CHECK(scene.said("services to remove: ro-swarmdrift_other"));
    CHECK(scene.fleet->run(swarm.manager().services().list())->size() == 1);
    CHECK(status_of(scene).hosts[0].state == "ok");
  }
}
