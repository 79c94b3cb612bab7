#include "orchestrator/rollouts/likeness.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// As docker-compose 1.29 makes it on Engine 20.10.
Json from_compose() {
  return Json::parse(R"({
    "Id": "0123456789abcdef", "Image": "sha256:1",
    "Config": {"Hostname": "0123456789ab", "Env": ["A=1", "PATH=/bin"], "Cmd": ["serve"], "Entrypoint": null,
      "AttachStdout": true, "Image": "shop/web:1", "Volumes": {"/data": {}}, "Tty": false,
      "Labels": {"team": "blue", "com.docker.compose.project": "shop"}},
    "HostConfig": {"Binds": ["shop_data:/data:rw"], "NetworkMode": "shop_default", "RestartPolicy": {"Name": ""},
      "PortBindings": {"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}, "Memory": 0, "CapAdd": null, "VolumesFrom": []},
    "Mounts": [{"Type": "volume", "Name": "shop_data", "Source": "/var/x", "Destination": "/data", "RW": true}],
    "NetworkSettings": {"Networks": {"shop_default": {"Aliases": ["web", "0123456789ab"]}}}})");
}

/// The same by slipway, not started.
Json made() {
  return Json::parse(R"({
    "Id": "fedcba9876543210", "Image": "sha256:1",
    "Config": {"Hostname": "fedcba987654", "Env": ["PATH=/bin", "A=1"], "Cmd": ["serve"], "Entrypoint": [],
      "Image": "shop/web@sha256:2", "Labels": {"team": "blue", "dev.slipway.hook": "likeness"}},
    "HostConfig": {"Mounts": [{"Type": "volume", "Source": "shop_data", "Target": "/data"}], "NetworkMode": "shop_default",
      "RestartPolicy": {"Name": "always"}, "PortBindings": {"80/tcp": [{"HostIp": "0.0.0.0", "HostPort": "8080"}]},
      "CapAdd": []},
    "Mounts": [{"Type": "volume", "Name": "shop_data", "Source": "", "Destination": "/data", "RW": true}],
    "NetworkSettings": {"Networks": {"shop_default": {"Aliases": ["web", "fedcba987654"]}}}})");
}

std::vector<std::string> changed(const std::string& pointer, const Json& value) {
  Json there = from_compose();
  there[Json::json_pointer(pointer)] = value;
  return unlike(there, made());
}

}  // namespace

TEST_CASE(
    "a container of Docker Compose's is like one that slipway would make, whoever wrote what they do not care for") {
  CHECK(unlike(from_compose(), made()).empty());
}

TEST_CASE("whatever makes a container another one is told") {
  using Lines = std::vector<std::string>;
  CHECK(changed("/Image", "sha256:3") == Lines{"Image differs: sha256:3 against sha256:1"});
  CHECK(changed("/Config/Env", {"A=2", "PATH=/bin"}) == Lines{"Env differs: A=2 against A=1"});
  CHECK(changed("/Config/Cmd", {"serve", "-v"}) == Lines{R"(Cmd differs: ["serve","-v"] against ["serve"])"});
  CHECK(changed("/Config/Hostname", "box") == Lines{"Hostname differs: box against nothing"});
  CHECK(changed("/Config/Labels", {{"team", "red"}}) ==
        Lines{R"(Labels differs: {"team":"red"} against {"team":"blue"})"});
  CHECK(changed("/HostConfig/Memory", 1024) == Lines{"Memory differs: 1024 against nothing"});
  CHECK(changed("/HostConfig/Privileged", true) == Lines{"Privileged differs: true against nothing"});
  CHECK(changed("/Mounts/0/Name", "other").size() == 1);
  CHECK(changed("/Mounts/0/RW", false).size() == 1);
  CHECK(changed("/HostConfig/PortBindings/80~1tcp/0/HostPort", "8081").size() == 1);
  CHECK(changed("/NetworkSettings/Networks/other", Json::object()).size() == 1);
  CHECK(changed("/NetworkSettings/Networks/shop_default/Aliases", {"www"}) ==
        Lines{"is not called web in network shop_default"});
}

TEST_CASE("a setting that nobody here has heard of counts as a difference") {
  CHECK(changed("/HostConfig/FromTheFuture", "x") ==
        std::vector<std::string>{"FromTheFuture differs: x against nothing"});
}

TEST_CASE("the order of a command counts, and that of an environment does not") {
  CHECK(changed("/Config/Env", {"PATH=/bin", "A=1"}).empty());
  Json there = from_compose();
  Json other = made();
  there["Config"]["Cmd"] = {"a", "b"};
  other["Config"]["Cmd"] = {"b", "a"};
  CHECK(unlike(there, other).size() == 1);
}

TEST_CASE("a volume without a name is like any other at the same place") {
  Json there = from_compose();
  Json other = made();
  there["Mounts"][0]["Name"] = std::string(64, 'a');
  other["Mounts"][0]["Name"] = std::string(64, 'b');
  CHECK(unlike(there, other).empty());
}
