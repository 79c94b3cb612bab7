#include "tests/integration/docker-client/container_fixture.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

TEST_CASE("a container goes from created to exited to removed", "[shared]") {
  Bench bench;
  auto& containers = bench.engine->containers();
  const std::string id = bench.create("echo out; echo err >&2; exit 3");

  Container created = bench.inspect(id);
  CHECK(created.state.status == ContainerStatus::created);
  CHECK_FALSE(created.state.started_at);
  CHECK_FALSE(created.state.finished_at);
  CHECK(created.config.labels.at(Bench::label) == bench.salt);
  CHECK(created.image_id.starts_with("sha256:"));

  auto wait = bench.engine.run(containers.begin_wait(id));
  REQUIRE(wait);
  REQUIRE(bench.engine.run(containers.start(id)));
  const auto exit = bench.engine.run(wait->result());
  REQUIRE(exit);
  CHECK(exit->exit_code == 3);

  const Container ended = bench.inspect(id);
  CHECK(ended.state.status == ContainerStatus::exited);
  CHECK(ended.state.exit_code == 3);
  CHECK(ended.state.started_at);
  CHECK(ended.state.finished_at);  // before started_at, at times: the Engine notes a quick exit first

  auto logs = bench.engine.run(containers.logs(id));
  REQUIRE(logs);
  const std::string frames = bench.read_all(std::move(*logs));
  CHECK(Bench::text_of(frames, LogStream::out) == "out\n");
  CHECK(Bench::text_of(frames, LogStream::err) == "err\n");

  REQUIRE(bench.engine.run(containers.remove(id)));
  const auto gone = bench.engine.run(containers.inspect(id));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().kind == Error::Kind::not_found);
  CHECK(bench.engine.run(containers.remove(id)));
}

TEST_CASE("an exit that comes before anybody could wait is not lost", "[shared]") {
  Bench bench;
  for (int i = 0; i < 3; ++i) {
    const std::string id = bench.create("exit 7");
    auto wait = bench.engine.run(bench.engine->containers().begin_wait(id));
    REQUIRE(wait);
    REQUIRE(bench.engine.run(bench.engine->containers().start(id)));
    REQUIRE(bench.engine.run(bench.engine->containers().wait(id)));
    const auto exit = bench.engine.run(within(5s, wait->result()));
    REQUIRE(exit);
    CHECK(exit->exit_code == 7);
  }
}

TEST_CASE("waiting for a container that was only created answers 0 at once; next-exit waits", "[shared]") {
  Bench bench;
  const std::string id = bench.create("exit 9");
  const auto exit = bench.engine.run(within(5s, bench.engine->containers().wait(id)));
  REQUIRE(exit);
  CHECK(exit->exit_code == 0);
  auto next = bench.engine.run(bench.engine->containers().begin_wait(id));
  REQUIRE(next);
  const auto late = bench.engine.run(within(100ms, next->result()));
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == Error::Kind::timeout);
}

TEST_CASE("a program that can't be started is invalid, with 127 or 126 in the state, and its next-exit never comes",
          "[shared]") {
  Bench bench;
  const auto [program, code] = GENERATE(table<std::string, int>({{"/no/such/program", 127}, {"/", 126}}));
  ContainerSpec spec = bench.spec("");
  spec.command = {program};
  const std::string id = bench.create(spec);
  auto wait = bench.engine.run(bench.engine->containers().begin_wait(id));
  REQUIRE(wait);
  const auto started = bench.engine.run(bench.engine->containers().start(id));
  REQUIRE_FALSE(started);
  CHECK(started.error().kind == Error::Kind::invalid);
  const Container container = bench.inspect(id);
  CHECK(container.state.exit_code == code);
  CHECK_FALSE(container.state.error.empty());
  CHECK_FALSE(container.state.started_at);
  const auto never = bench.engine.run(within(100ms, wait->result()));
  CHECK_FALSE(never);
}

TEST_CASE("starting what runs and stopping what does not is success (304)", "[shared]") {
  Bench bench;
  auto& containers = bench.engine->containers();
  const std::string id = bench.start("trap 'exit 5' TERM; sleep 1000 & wait");
  CHECK(bench.engine.run(containers.start(id)));
  CHECK(bench.engine.run(containers.stop(id, 10)));
  CHECK(bench.inspect(id).state.exit_code == 5);
  CHECK(bench.engine.run(containers.stop(id, 10)));
  CHECK(bench.engine.run(containers.stop("slipway-test-no-such")));
}

TEST_CASE("a container that ignores its stop signal is killed after the grace, without being out of memory",
          "[shared]") {
  Bench bench;
  const std::string id = bench.start("trap '' TERM; echo ready; while :; do sleep 1; done");
  CHECK(bench.engine.run(bench.engine->containers().stop(id)));
  const Container container = bench.inspect(id);
  CHECK(container.state.exit_code == 137);
  CHECK_FALSE(container.state.oom_killed);
}

TEST_CASE("kill, pause and rename do what they say, and say what they can't", "[shared]") {
  Bench bench;
  auto& containers = bench.engine->containers();
  const std::string id = bench.start("sleep 1000");
  REQUIRE(bench.engine.run(containers.pause(id)));
  CHECK(bench.inspect(id).state.status == ContainerStatus::paused);
  REQUIRE(bench.engine.run(containers.unpause(id)));
  const std::string renamed = bench.name("renamed");
  REQUIRE(bench.engine.run(containers.rename(id, renamed)));
  CHECK(bench.inspect(renamed).name == renamed);
  REQUIRE(bench.engine.run(containers.kill(id)));
  REQUIRE(bench.engine.run(containers.wait(id)));
  const auto twice = bench.engine.run(containers.kill(id));
  REQUIRE_FALSE(twice);
  CHECK(twice.error().kind == Error::Kind::conflict);
  const auto unknown = bench.engine.run(containers.kill("slipway-test-no-such"));
  CHECK(unknown.error().kind == Error::Kind::not_found);
}

TEST_CASE("a taken name is a conflict, an unknown image not found, a bad field invalid", "[shared]") {
  Bench bench;
  auto& containers = bench.engine->containers();
  ContainerSpec spec = bench.spec("true");
  bench.create(spec);
  const auto taken = bench.engine.run(containers.create(spec));
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == Error::Kind::conflict);
  CHECK(taken.error().message.find(spec.name) != std::string::npos);

  ContainerSpec unknown("slipway-test-no-such-image:1");
  const auto missing = bench.engine.run(containers.create(unknown));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().kind == Error::Kind::not_found);

  ContainerSpec bad = bench.spec("true");
  bad.name = "no/slash";
  const auto refused = bench.engine.run(containers.create(bad));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::invalid);
}

TEST_CASE("out of memory is told by the state, whatever the exit code says") {
  Bench bench;
  ContainerSpec spec = bench.spec("tail /dev/zero; exit 4");
  spec.limits.memory_bytes = spec.limits.memory_swap_bytes = 16 << 20;
  const std::string id = bench.start(spec);
  REQUIRE(bench.engine.run(within(60s, bench.engine->containers().wait(id))));
  const Container container = bench.inspect(id);
  CHECK(container.state.exit_code == 4);
  CHECK(container.state.oom_killed);
}

TEST_CASE("the Engine reads a whole spec as it was meant") {
  Bench bench;
  const Volume volume = bench.create_volume("data");
  ContainerSpec spec = bench.spec(
      "id -u; pwd; hostname; echo $A; cat /data/in; ulimit -n; cat /proc/sys/net/ipv4/ip_unprivileged_port_start;"
      "touch /root-file 2>/dev/null || echo read-only; touch /scratch/x && echo scratch; grep CapEff /proc/self/status;"
      "grep NoNewPrivs /proc/self/status; df /dev/shm | tail -1 | awk '{print $2}'; sleep 1000");
  spec.network_disabled = false;
  spec.network_mode = "none";
  spec.user = "1234";
  spec.workdir = "/tmp";
  spec.hostname = "web-1";
  spec.env = {"A=b c"};
  spec.ulimits = {{"nofile", 99, 99}};
  spec.sysctls = {{"net.ipv4.ip_unprivileged_port_start", "80"}};
  spec.read_only_root = true;
  spec.tmpfs = {{"/scratch", "size=1m,mode=1777"}};
  spec.cap_drop = {"ALL"};
  spec.no_new_privileges = true;
  spec.shm_bytes = 1 << 20;
  spec.init = true;
  spec.limits = {};
  spec.limits.cpus = 0.5;
  spec.limits.memory_bytes = 64 << 20;
  spec.limits.pids = 50;
  spec.restart = {RestartPolicy::Kind::on_failure, 3};
  spec.log = {"json-file", {{"max-size", "1m"}, {"max-file", "2"}}};
  spec.stop_signal = "SIGINT";
  spec.extra_hosts = {"db:192.0.2.7"};
  spec.healthcheck = Healthcheck{};
  spec.healthcheck->test = {"CMD", "true"};
  spec.healthcheck->interval = 200ms;
  Mount mount;
  mount.source = volume.name;
  mount.target = "/data";
  mount.read_only = true;
  spec.mounts = {mount};

  // Something for the volume to hold.
  ContainerSpec filler = bench.spec("echo kept > /data/in");
  filler.mounts = {mount};
  filler.mounts[0].read_only = false;
  REQUIRE(bench.engine.run(bench.engine->containers().wait(bench.start(filler))));

  const std::string id = bench.start(spec);
  std::string output;
  for (int i = 0; i < 200 && output.find("\n1024\n") == std::string::npos; ++i) output = bench.output_of(id);
  CHECK(output ==
        "1234\n/tmp\nweb-1\nb c\nkept\n99\n80\nread-only\nscratch\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n1024\n");

  const Container container = bench.inspect(id);
  CHECK(container.config.image == "busybox:latest");
  CHECK(container.config.command == spec.command);
  CHECK(container.config.limits.cpus == 0.5);
  CHECK(container.config.limits.memory_bytes == 64 << 20);
  CHECK(container.config.limits.pids == 50);
  CHECK(container.config.restart.kind == RestartPolicy::Kind::on_failure);
  CHECK(container.config.restart.maximum_retries == 3);
  CHECK(container.config.log.driver == "json-file");
  CHECK(container.config.log.options.at("max-file") == "2");
  CHECK(container.config.stop_signal == "SIGINT");
  CHECK(container.config.stop_timeout_seconds == 1);
  CHECK(container.config.extra_hosts == spec.extra_hosts);
  CHECK(container.config.read_only_root);
  CHECK(container.config.network_mode == "none");
  REQUIRE(container.mounts.size() == 1);
  CHECK(container.mounts[0].name == volume.name);
  CHECK(container.mounts[0].target == "/data");
  CHECK_FALSE(container.mounts[0].writable);
}

TEST_CASE("health goes from starting to healthy or unhealthy, with the probe's words", "[shared]") {
  Bench bench;
  const bool good = GENERATE(true, false);
  ContainerSpec spec = bench.spec("sleep 1000");
  spec.healthcheck = Healthcheck{};
  spec.healthcheck->test = {"CMD-SHELL", good ? "echo fine" : "echo broken; exit 1"};
  spec.healthcheck->interval = spec.healthcheck->timeout = 1s;
  spec.healthcheck->retries = 1;
  const std::string id = bench.start(spec);
  Health health = bench.inspect(id).state.health;
  CHECK(health.status == Health::Status::starting);
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (health.status == Health::Status::starting && std::chrono::steady_clock::now() < deadline)
    health = bench.inspect(id).state.health;
  CHECK(health.status == (good ? Health::Status::healthy : Health::Status::unhealthy));
  CHECK(health.last_output == (good ? "fine\n" : "broken\n"));
  CHECK(health.last_exit_code == (good ? 0 : 1));
}

TEST_CASE("list, stats, restart policy and prune go by what they are told", "[shared]") {
  Bench bench;
  auto& containers = bench.engine->containers();
  const std::string running = bench.start("sleep 1000");
  const std::string ended = bench.finish("true");
  ListContainers what;
  what.filters = bench.mine();
  const auto all = bench.engine.run(containers.list(what));
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  what.all = false;
  // The list is a copy that Engine 26.1 brings up to date a little after it has told that a container ended.
  auto up = bench.engine.run(containers.list(what));
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (up && up->size() != 1 && std::chrono::steady_clock::now() < deadline) {
    up = bench.engine.run(containers.list(what));
  }
  REQUIRE(up);
  REQUIRE(up->size() == 1);
  CHECK(up->front().id == running);
  CHECK(up->front().state == ContainerStatus::running);
  CHECK(up->front().labels.at(Bench::label) == bench.salt);
  CHECK(up->front().name == bench.inspect(running).name);

  const auto stats = bench.engine.run(containers.stats(running));
  REQUIRE(stats);
  CHECK(stats->memory_bytes > 0);
  CHECK(stats->memory_limit_bytes > stats->memory_bytes);
  CHECK(stats->cpu_nanoseconds > 0);
  CHECK(stats->pids >= 1);

  REQUIRE(bench.engine.run(containers.set_restart_policy(running, {RestartPolicy::Kind::unless_stopped})));
  CHECK(bench.inspect(running).config.restart.kind == RestartPolicy::Kind::unless_stopped);

  const auto unlabelled = bench.engine.run(containers.prune(Filters()));
  REQUIRE_FALSE(unlabelled);
  CHECK(unlabelled.error().kind == Error::Kind::invalid);
  const auto pruned = bench.engine.run(containers.prune(bench.mine()));
  REQUIRE(pruned);
  CHECK(pruned->removed == std::vector<std::string>{ended});
}

TEST_CASE("a bad filter is the caller's error", "[shared]") {
  Bench bench;
  ListContainers what;
  what.filters.add("no-such-filter", "x");
  const auto rows = bench.engine.run(bench.engine->containers().list(what));
  REQUIRE_FALSE(rows);
  CHECK((rows.error().kind == Error::Kind::invalid || rows.error().kind == Error::Kind::internal));
  CHECK(rows.error().message.find("no-such-filter") != std::string::npos);
}

TEST_CASE("removing what is being removed, or removes itself, is success (docker-py #1813, #2655, #3312)", "[shared]") {
  Bench bench;
  auto& containers = bench.engine->containers();
  ContainerSpec spec = bench.spec("exit 6");
  spec.auto_remove = true;
  const std::string id = bench.create(spec);
  auto wait = bench.engine.run(containers.begin_wait(id));
  auto removed = bench.engine.run(containers.begin_wait(id, WaitCondition::removed));
  REQUIRE(wait);
  REQUIRE(removed);
  REQUIRE(bench.engine.run(containers.start(id)));
  const auto exit = bench.engine.run(within(20s, wait->result()));
  REQUIRE(exit);
  CHECK(exit->exit_code == 6);
  CHECK(bench.engine.run(containers.remove(id)));
  REQUIRE(bench.engine.run(within(20s, removed->result())));
  const auto again = bench.engine.run(containers.wait(id));
  REQUIRE_FALSE(again);  // an unknown container has no exit code, least of all 0 (kubeflow/pipelines#13381)
  CHECK(again.error().kind == Error::Kind::not_found);
}

TEST_CASE("a running container is removed by force only", "[shared]") {
  Bench bench;
  auto& containers = bench.engine->containers();
  const std::string id = bench.start("sleep 1000");
  const auto refused = bench.engine.run(containers.remove(id));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::conflict);
  RemoveContainer how;
  how.force = true;
  CHECK(bench.engine.run(containers.remove(id, how)));
}

TEST_CASE("a container joins another's network namespace") {
  Bench bench;
  ContainerSpec holder = bench.spec("sleep 1000");
  holder.network_disabled = false;
  holder.network_mode = "none";
  const std::string pause = bench.start(holder);
  ContainerSpec joined = bench.spec("readlink /proc/self/ns/net");
  joined.network_disabled = false;
  joined.network_mode = "container:" + pause;
  const std::string first = bench.start(joined);
  joined.name = bench.name("second");
  const std::string second = bench.start(joined);
  REQUIRE(bench.engine.run(bench.engine->containers().wait(first)));
  REQUIRE(bench.engine.run(bench.engine->containers().wait(second)));
  CHECK(bench.output_of(first) == bench.output_of(second));
  CHECK_FALSE(bench.output_of(first).empty());
}
