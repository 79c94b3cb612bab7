// What recorded answers of Engines 20.10 (API 1.41) and 26.1 (1.45) are read as.
#include "docker-client/container.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "docker-client/archives.hpp"
#include "docker-client/events.hpp"
#include "docker-client/networks.hpp"
#include "tests/unit/docker-client/recorded.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

const std::string& any_version() {
  static const std::array<std::string, 2> versions{"1.41", "1.45"};
  return versions[static_cast<std::size_t>(GENERATE(0, 1))];
}

}  // namespace

TEST_CASE("an inspected container is read field by field") {
  const std::string& version = any_version();
  const Container container = container_from(recorded_json("inspect_" + version + ".json"));
  CHECK(container.id.size() == 64);
  CHECK(container.name == "slipway-rec");
  CHECK(container.created_at);
  CHECK(container.image_id == "sha256:2ad48a94c5d8aba71fc1b47e8a2ab2265e9d3256303f592327bd30b0638d8cae");
  CHECK(container.restart_count == 0);
  CHECK(container.platform == "linux");
  CHECK(container.state.status == ContainerStatus::running);
  CHECK(container.state.running);
  CHECK(container.state.pid > 0);
  CHECK(container.state.started_at > container.created_at);
  CHECK_FALSE(container.state.finished_at);
  CHECK_FALSE(container.state.oom_killed);
  CHECK(container.state.health.status == Health::Status::healthy);
  CHECK(container.state.health.last_output == "fine\n");
  CHECK(container.state.health.last_exit_code == 0);

  REQUIRE(container.mounts.size() == 1);
  CHECK(container.mounts[0].type == "volume");
  CHECK(container.mounts[0].name == "slipway-rec-data");
  CHECK(container.mounts[0].target == "/data");
  CHECK_FALSE(container.mounts[0].writable);
  REQUIRE(container.networks.size() == 2);
  CHECK_FALSE(container.networks.at("slipway-rec-net").ipv4.empty());
  CHECK(container.networks.at("slipway-rec-net").aliases.front() == "api");
  REQUIRE(container.ports.size() == 1);
  CHECK(container.ports[0].container_port == 80);
  CHECK(container.ports[0].host_ip == "127.0.0.1");
  CHECK(container.ports[0].host_port == "18765");
}

TEST_CASE("an inspected container shows what it was created with") {
  const Container::Config config = container_from(recorded_json("inspect_" + any_version() + ".json")).config;
  CHECK(config.image == "busybox:latest");
  CHECK(config.entrypoint == std::vector<std::string>{"/bin/sh", "-c"});
  CHECK(config.command == std::vector<std::string>{"echo probe; sleep 1000"});
  CHECK(config.env.front() == "A=b");
  CHECK(config.labels == Labels{{"app", "web"}});
  CHECK(config.user == "1000");
  CHECK(config.workdir == "/tmp");
  CHECK(config.hostname == "web-1");
  CHECK(config.stop_signal == "SIGINT");
  CHECK(config.stop_timeout_seconds == 7);
  CHECK(config.open_stdin);
  CHECK_FALSE(config.tty);
  CHECK(config.network_mode == "bridge");
  CHECK(config.restart.kind == RestartPolicy::Kind::on_failure);
  CHECK(config.restart.maximum_retries == 3);
  CHECK(config.limits.cpus == 0.5);
  CHECK(config.limits.memory_bytes == 64 << 20);
  CHECK(config.limits.memory_swap_bytes == 128 << 20);
  CHECK(config.limits.pids == 50);
  CHECK(config.cap_add.size() == 1);
  CHECK(config.cap_drop.size() == 1);
  CHECK(config.security_options == std::vector<std::string>{"no-new-privileges:true"});
  CHECK(config.extra_hosts == std::vector<std::string>{"db:192.0.2.7"});
  CHECK(config.dns == std::vector<std::string>{"192.0.2.53"});
  CHECK(config.read_only_root);
  CHECK_FALSE(config.privileged);
  CHECK(config.log.driver == "json-file");
  CHECK(config.log.options.at("max-size") == "1m");
  REQUIRE(config.ports.size() == 1);
  CHECK(config.ports[0].host_port == "18765");
}

TEST_CASE("a listed container is read field by field") {
  const Json rows = recorded_json("list_" + any_version() + ".json");
  REQUIRE(rows.size() == 1);
  const ContainerSummary row = container_summary_from(rows[0]);
  CHECK(row.name == "slipway-rec");
  CHECK(row.image == "busybox:latest");
  CHECK(row.image_id.starts_with("sha256:"));
  CHECK(row.state == ContainerStatus::running);
  CHECK(row.status.find("(healthy)") != std::string::npos);
  CHECK(row.labels == Labels{{"app", "web"}});
  REQUIRE(row.ports.size() == 1);
  CHECK(row.ports[0].host_port == "18765");
  CHECK(row.networks.size() == 2);
  CHECK(row.mounts.size() == 1);
  CHECK(row.created_at);
}

TEST_CASE("a container that others link to keeps its own name") {
  const ContainerSummary row = container_summary_from(Json({{"Names", {"/app/db", "/db-1"}}}));
  CHECK(row.name == "db-1");
}

TEST_CASE("stats are read from either generation of control groups") {
  const Json v1 = {{"usage", 1000},
                   {"max_usage", 2000},
                   {"limit", 4000},
                   {"stats", {{"total_inactive_file", 300}, {"inactive_file", 1}}}};
  const Json v2 = {{"usage", 1000}, {"limit", 4000}, {"stats", {{"inactive_file", 300}}}};
  for (const Json& memory : {v1, v2}) {
    const ContainerStats stats = container_stats_from(Json({{"memory_stats", memory}}));
    CHECK(stats.memory_bytes == 700);
    CHECK(stats.memory_limit_bytes == 4000);
  }
  const ContainerStats stats = container_stats_from(recorded_json("stats_" + any_version() + ".json"));
  CHECK(stats.cpu_nanoseconds > 0);
  CHECK(stats.system_cpu_nanoseconds > stats.cpu_nanoseconds);
  CHECK(stats.online_cpus == 2);
  CHECK(stats.memory_limit_bytes == 64 << 20);
  CHECK(stats.pids == 1);
}

TEST_CASE("an answer of wrong types or none at all gives defaults, never a throw") {
  const auto text =
      GENERATE(as<std::string>(), "{}", "[]", "null", "7",
               R"({"State": [], "Config": 3, "HostConfig": "x", "Mounts": {}, "NetworkSettings": [1]})",
               R"({"State": {"Health": [], "ExitCode": "3"}, "Config": {"Env": {"a": 1}, "Labels": ["x"]}})",
               R"({"NetworkSettings": {"Networks": {"a": 1}, "Ports": {"x/y": [1], "": null, "99999/tcp": [{}]}}})",
               R"({"Names": [1, null], "Ports": [7, {"PublicPort": -1}], "Created": "x", "Mounts": [null]})");
  const Result<Json> json = parse_json(text);
  REQUIRE(json);
  const Container container = container_from(*json);
  CHECK(container.state.status == ContainerStatus::unknown);
  CHECK_FALSE(container.state.started_at);
  CHECK(container.state.exit_code == 0);
  CHECK(container_summary_from(*json).id.empty());
  CHECK(container_stats_from(*json).memory_bytes == 0);
  CHECK(network_from(*json).id.empty());
  CHECK(event_from(*json).action.empty());
}

TEST_CASE("an event is read without the fields that API 1.52 drops") {
  const Event event = event_from(recorded_json("event_1.52.json"));
  CHECK(event.type == "container");
  CHECK(event.action == "die");
  CHECK(event.actor == "9cfd7370532e");
  CHECK(event.attributes.at("exitCode") == "137");
  CHECK(event.since() == "1795577587.000000042");
  CHECK(since_time(Time(std::chrono::milliseconds(1'795'577'587'042))) == "1795577587.042000000");
}

TEST_CASE("repeated events are told apart from new ones, within bounded memory") {
  RecentEvents recent;
  Event event = event_from(recorded_json("event_1.52.json"));
  CHECK(recent.is_new(event));
  CHECK_FALSE(recent.is_new(event));
  Event other = event;
  other.action = "stop";
  CHECK(recent.is_new(other));
  other.actor = "another";
  CHECK(recent.is_new(other));
  for (int i = 1; i <= 1024; ++i) {
    other.time_nanoseconds = event.time_nanoseconds + i;
    CHECK(recent.is_new(other));
    CHECK_FALSE(recent.is_new(other));
  }
  CHECK(recent.is_new(event));  // long forgotten
}

TEST_CASE("a path's stat comes out of its header, and what is none is a protocol error") {
  // {"name":"b","size":3,"mode":2147484141,"mtime":"2026-11-25T01:02:03Z","linkTarget":""}
  const auto stat = parse_path_stat(
      "eyJuYW1lIjoiYiIsInNpemUiOjMsIm1vZGUiOjIxNDc0ODQxNDEsIm10aW1lIjoiMjAyNi0xMS0yNVQwMTowMjowM1oiLCJsaW5rVGFyZ2V0Ijoi"
      "In0=");
  REQUIRE(stat);
  CHECK(stat->name == "b");
  CHECK(stat->folder());
  CHECK_FALSE(stat->symlink());
  CHECK((stat->mode & 0777) == 0755);
  CHECK(stat->modified_at);
  for (const char* header : {"", "!!!", "bm8ganNvbg==", "W10="}) {
    const auto broken = parse_path_stat(header);
    REQUIRE_FALSE(broken);
    CHECK(broken.error().kind == Error::Kind::protocol);
  }
}

TEST_CASE("filters become the Engine's JSON") {
  CHECK(Filters().json() == "{}");
  const Filters filters = Filters().label("a", "b").label("c").add("status", "running");
  CHECK(filters.json() == R"({"label":["a=b","c"],"status":["running"]})");
  CHECK(filters.by_label());
  CHECK_FALSE(Filters().add("name", "x").by_label());
}
