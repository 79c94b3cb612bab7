#include "docker-client/service_spec.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "docker-client/services.hpp"
#include "tests/unit/docker-client/recorded.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

/// Every field that a service takes set, each to a value of its own, so that no two can be swapped unnoticed.
ContainerSpec full_task() {
  ContainerSpec task("registry.example/shop/web@sha256:0123");
  task.platform = "linux/arm64";
  task.entrypoint = {"/entry"};
  task.command = {"serve", "--port", "80"};
  task.env = {"A=1"};
  task.labels = {{"of", "container"}};
  task.workdir = "/srv";
  task.user = "1000:1001";
  task.hostname = "host";
  task.groups = {"audio"};
  task.tty = task.open_stdin = task.read_only_root = true;
  task.stop_signal = "SIGINT";
  task.stop_timeout_seconds = 7;
  task.healthcheck = Healthcheck();
  task.healthcheck->test = {"CMD", "check"};
  task.healthcheck->interval = 3s;
  task.init = true;
  Mount bind;
  bind.type = Mount::Type::bind;
  bind.source = "/srv/data";
  bind.target = "/data";
  bind.create_host_path = true;  // which a swarm does not do
  Mount volume;
  volume.source = "shop_db";
  volume.target = "/db";
  volume.driver = "local";
  volume.driver_options = {{"type", "nfs"}};
  task.mounts = {bind, volume};
  NetworkAttachment network;
  network.network = "shop_default";
  network.aliases = {"web"};
  task.networks = {network};
  task.extra_hosts = {"db.example:192.0.2.9", "six.example:2001:db8::1"};
  task.dns = {"192.0.2.53"};
  task.dns_search = {"example"};
  task.dns_options = {"ndots:1"};
  task.sysctls = {{"net.core.somaxconn", "1024"}};
  task.ulimits = {{"nofile", 100, 200}};
  task.cap_add = {"IPC_LOCK"};
  task.cap_drop = {"MKNOD"};
  task.log = {"json-file", {{"max-size", "1m"}}};
  task.limits.cpus = 0.5;
  task.limits.memory_bytes = 64 << 20;
  task.limits.memory_reservation_bytes = 32 << 20;
  task.limits.pids = 99;
  return task;
}

ServiceSpec full_service() {
  ServiceSpec spec(full_task());
  spec.name = "shop_web";
  spec.labels = {{"of", "service"}};
  spec.replicas = 3;
  spec.reserved_cpus = 0.25;
  spec.restart = {"on-failure", 2s, 60s, 4};
  spec.placement = {{"node.role==worker"}, {"node.labels.zone"}, 2};
  spec.update = UpdatePolicy{2, 5s, 9s, "rollback", 0.2, "start-first"};
  spec.rollback = UpdatePolicy{0, 6s, 8s, "pause", 0.3, "stop-first"};
  spec.ports = {{80, 8080, "tcp", true}, {53, 0, "udp", false}};
  spec.endpoint_mode = "dnsrr";
  spec.secrets = {{"s1", "shop_password_1", "/run/secrets/password", 1, 2, 0400}};
  spec.configs = {{"c1", "shop_web_1", "/etc/web.conf", 3, 4, 0444}};
  return spec;
}

}  // namespace

TEST_CASE("every field of a service goes to the Engine under its own name") {
  INFO(service_body(full_service(), ApiVersion{1, 41}).dump(2));
  CHECK(service_body(full_service(), ApiVersion{1, 41}) == recorded_json("service_full.json"));
}

TEST_CASE("a service of which little is said asks for little") {
  ServiceSpec spec(ContainerSpec("busybox"));
  spec.name = "small";
  spec.global = true;
  const Json body = service_body(spec, ApiVersion{1, 41});
  CHECK(dump_json(body) ==
        R"({"Mode":{"Global":{}},"Name":"small","TaskTemplate":{"ContainerSpec":{"Image":"busybox"}}})");
}

TEST_CASE("what a manager tells of a service and a task is read, and what it leaves out is the default") {
  const auto json = parse_json(R"({"ID": "s1", "Version": {"Index": 7},
    "Spec": {"Name": "shop_web", "Labels": {"a": "b"}, "Mode": {"Replicated": {"Replicas": 3}},
             "TaskTemplate": {"ContainerSpec": {"Image": "web@sha256:1"}}},
    "PreviousSpec": {"Name": "shop_web", "Labels": {"a": "old"}},
    "Endpoint": {"Ports": [{"PublishedPort": 8080}]},
    "UpdateStatus": {"State": "rollback_paused", "Message": "why"}})");
  REQUIRE(json);
  const Service service = service_from(*json);
  CHECK(service.name == "shop_web");
  CHECK(service.version == 7);
  CHECK(service.labels.at("a") == "b");
  CHECK(service.previous_labels->at("a") == "old");
  CHECK(service.image == "web@sha256:1");
  CHECK(service.replicas == 3);
  CHECK_FALSE(service.global);
  CHECK(service.update.state == UpdateStatus::State::rollback_paused);
  CHECK(service.update.message == "why");
  CHECK(service.published_ports == std::vector<std::uint16_t>{8080});
  CHECK(service_from(Json::object()).update.state == UpdateStatus::State::none);

  const auto task_json = parse_json(R"({"ID": "t1", "ServiceID": "s1", "Slot": 2, "NodeID": "n1",
    "DesiredState": "shutdown", "Spec": {"ContainerSpec": {"Image": "web@sha256:1", "Labels": {"a": "b"}}},
    "Status": {"State": "failed", "Timestamp": "2026-11-28T00:39:46.017897429Z", "Message": "started", "Err": "exit 3",
               "ContainerStatus": {"ContainerID": "c1", "ExitCode": 3}}})");
  REQUIRE(task_json);
  const Task task = task_from(*task_json);
  CHECK(task.node == "n1");
  CHECK(task.slot == 2);
  CHECK(task.state == "failed");
  CHECK(task.desired_state == "shutdown");
  CHECK(task.error == "exit 3");
  CHECK(task.exit_code == 3);
  CHECK(task.container == "c1");
  CHECK(task.labels.at("a") == "b");
  CHECK(task.since.has_value());
}
