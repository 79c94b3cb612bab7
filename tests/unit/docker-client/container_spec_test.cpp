#include "docker-client/container_spec.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "docker-client/networks.hpp"
#include "tests/unit/docker-client/recorded.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

/// Every field set, each to a value of its own, so that no two can be swapped unnoticed.
ContainerSpec full_container() {
  ContainerSpec spec("registry.example/shop/web@sha256:0123");
  spec.name = "web-7";
  spec.platform = "linux/arm64";
  spec.entrypoint = {"/entry", "point"};
  spec.command = {"serve", "--port", "80"};
  spec.env = {"A=1", "B="};
  spec.labels = {{"label", "value"}};
  spec.annotations = {{"annotation", "noted"}};
  spec.workdir = "/srv/app";
  spec.user = "1000:1001";
  spec.hostname = "host";
  spec.domainname = "domain";
  spec.groups = {"audio", "video"};
  spec.tty = true;
  spec.open_stdin = true;
  spec.stdin_once = true;
  spec.healthcheck = Healthcheck{{"CMD", "check"}, 1s, 2s, 3s, 4s, 5};
  spec.stop_signal = "SIGQUIT";
  spec.stop_timeout_seconds = 17;

  Mount volume, bind, scratch;
  volume.source = "data";
  volume.target = "/data";
  volume.no_copy = true;
  volume.subpath = "sub";
  volume.driver = "local";
  volume.driver_options = {{"type", "nfs"}};
  volume.labels = {{"volume", "label"}};
  bind.type = Mount::Type::bind;
  bind.source = "/srv";
  bind.target = "/in";
  bind.read_only = true;
  bind.propagation = "rslave";
  bind.create_host_path = true;
  scratch.type = Mount::Type::tmpfs;
  scratch.target = "/scratch";
  scratch.tmpfs_bytes = 4096;
  scratch.tmpfs_mode = 01770;
  spec.mounts = {volume, bind, scratch};
  spec.tmpfs = {{"/run", "size=1m"}};
  spec.volumes_from = {"other:ro"};
  spec.devices = {{"/dev/fuse", "/dev/fuse0", "rw"}};
  spec.device_requests = {{"nvidia", -1, {"0"}, {{"gpu", "compute"}}, {{"opt", "ion"}}}};
  spec.device_cgroup_rules = {"c 13:* rwm"};

  NetworkAttachment front, back;
  front.network = "front";
  front.aliases = {"web"};
  front.ipv4 = "192.0.2.7";
  front.ipv6 = "2001:db8::7";
  front.link_local_ips = {"169.254.1.1"};
  front.driver_options = {{"driver", "option"}};
  front.mac_address = "02:42:ac:11:65:43";
  front.gateway_priority = 9;
  back.network = "back";
  spec.networks = {front, back};
  spec.ports = {{80, "tcp", "192.0.2.1", "8080"}, {80, "tcp", "", "8000-8010"}, {53, "udp", "", ""}};
  spec.exposed = {"9000/tcp"};
  spec.extra_hosts = {"db:192.0.2.9"};
  spec.dns = {"192.0.2.53"};
  spec.dns_search = {"example"};
  spec.dns_options = {"ndots:2"};
  spec.mac_address = "02:42:ac:11:65:44";

  spec.limits.cpus = 1.5;
  spec.limits.memory_bytes = 100;
  spec.limits.memory_swap_bytes = 200;
  spec.limits.memory_reservation_bytes = 50;
  spec.limits.pids = 30;
  spec.limits.cpu_shares = 512;
  spec.limits.cpuset = "0,1";
  spec.limits.blkio_weight = 300;
  spec.limits.memory_swappiness = 0;
  spec.ulimits = {{"nofile", 10, 20}};
  spec.shm_bytes = 65536;
  spec.sysctls = {{"net.core.somaxconn", "1024"}};
  spec.oom_score_adjust = -500;
  spec.oom_kill_disable = true;
  spec.cgroup_parent = "parent";
  spec.cgroup_namespace = "private";
  spec.cap_add = {"NET_ADMIN"};
  spec.cap_drop = {"ALL"};
  spec.security_options = {"seccomp=unconfined"};
  spec.no_new_privileges = true;
  spec.privileged = true;
  spec.read_only_root = true;
  spec.init = false;
  spec.ipc_mode = "shareable";
  spec.pid_mode = "host";
  spec.uts_mode = "host";
  spec.userns_mode = "host";
  spec.runtime = "runc";
  spec.isolation = "default";
  spec.storage_options = {{"size", "10G"}};
  spec.restart = {RestartPolicy::Kind::on_failure, 4};
  spec.log = {"json-file", {{"max-size", "8m"}}};
  spec.auto_remove = true;
  return spec;
}

}  // namespace

TEST_CASE("a container spec becomes the body that each Engine version knows") {
  const auto minor = GENERATE(41, 45, 51);
  const Json body = create_body(full_container(), ApiVersion{1, minor});
  const Json expected = recorded_json("create_full_1." + std::to_string(minor) + ".json");
  CHECK(Json::diff(expected, body) == Json::array());
}

TEST_CASE("what a spec leaves alone is not in the body, so the image's and Engine's defaults hold") {
  const Json body = create_body(ContainerSpec("busybox"), ApiVersion{1, 45});
  CHECK(body == Json({{"Image", "busybox"}, {"HostConfig", Json::object()}}));
}

TEST_CASE("an empty entrypoint clears the image's") {
  ContainerSpec spec("busybox");
  spec.entrypoint.emplace();
  const Json body = create_body(spec, ApiVersion{1, 45});
  CHECK(body.at("Entrypoint") == Json({""}));
  CHECK_FALSE(body.contains("Cmd"));
}

TEST_CASE("a spec that holds no UTF-8 still becomes JSON") {
  ContainerSpec spec("busybox");
  spec.env = {"A=\xff"};
  CHECK(dump_json(create_body(spec, ApiVersion{1, 41})).find("A=\xef\xbf\xbd") != std::string::npos);
}

TEST_CASE("a network spec becomes the Engine's body") {
  NetworkSpec spec("net");
  spec.driver = "overlay";
  spec.labels = {{"a", "b"}};
  spec.options = {{"o", "p"}};
  spec.internal = true;
  spec.attachable = true;
  spec.ipv6 = true;
  spec.pools = {{"192.0.2.0/24", "192.0.2.1", "192.0.2.128/25"}};
  CHECK(create_body(spec) == recorded_json("network_full.json"));
}
