#include "orchestrator/runs/container_specs.hpp"

#include <algorithm>

#include <catch2/catch.hpp>

#include "orchestrator/runs/step_run.hpp"

using namespace slipway;
using namespace slipway::runs;

namespace {

JobOrder order() {
  JobOrder order(AttemptName("ab12", RunId(7), "unit", 1));
  StepSpec step;
  step.name = "test";
  step.commands = {"make test"};
  step.env = {{"CI", "true"}, {"EMPTY", ""}};
  order.steps.push_back(step);
  order.limits = {1.5, 512 << 20, 100};
  order.log_limit = 1000;
  return order;
}

docker::ContainerSpec made(const JobOrder& order, std::string network) {
  Result<docker::ContainerSpec> spec = step_container(order, order.steps[0], "sha256:abc", std::move(network));
  REQUIRE(spec);
  return std::move(*spec);
}

}  // namespace

TEST_CASE("a step is bounded and has no way to the host") {
  const docker::ContainerSpec spec = made(order(), "container:x");
  CHECK_FALSE(spec.privileged);
  CHECK(spec.no_new_privileges);
  CHECK(spec.cap_add.empty());
  for (const std::string dropped : {"NET_RAW", "MKNOD", "SETPCAP"}) {
    CHECK(std::count(spec.cap_drop.begin(), spec.cap_drop.end(), dropped) == 1);
  }
  CHECK(spec.limits.cpus == 1.5);
  CHECK(spec.limits.memory_bytes == 512 << 20);
  CHECK(spec.limits.memory_swap_bytes == 512 << 20);
  CHECK(spec.limits.pids == 100);
  CHECK(spec.devices.empty());
  CHECK(spec.volumes_from.empty());
  REQUIRE(spec.mounts.size() == 1);
  CHECK(spec.mounts[0].type == docker::Mount::Type::volume);
  CHECK(spec.mounts[0].source == "slip-ab12-7-unit-a1");
  CHECK(spec.mounts[0].target == "/workspace");
  CHECK(spec.pid_mode.empty());
  CHECK(spec.ipc_mode.empty());
}

TEST_CASE("the log driver is pinned and keeps eight times the limit") {
  const docker::ContainerSpec spec = made(order(), "");
  CHECK(spec.log.driver == "json-file");
  CHECK(spec.log.options == std::map<std::string, std::string>{{"max-file", "2"}, {"max-size", "8000"}});
  CHECK_FALSE(spec.auto_remove);
}

TEST_CASE("an offline step has no network at all, another joins what it is told") {
  CHECK(made(order(), "").network_disabled);
  CHECK(made(order(), "").network_mode == "none");
  CHECK_FALSE(made(order(), "slip-ab12").network_disabled);
  CHECK(made(order(), "slip-ab12").network_mode == "slip-ab12");
}

TEST_CASE("commands run in a shell of their own, none leave the image's own program") {
  JobOrder job = order();
  CHECK(made(job, "").entrypoint == std::vector<std::string>{"/bin/sh"});
  CHECK(made(job, "").command->at(0) == "-c");
  job.steps[0].commands.clear();
  CHECK_FALSE(made(job, "").entrypoint);
  CHECK_FALSE(made(job, "").command);
}

TEST_CASE("a working folder is below the workspace unless it is absolute") {
  JobOrder job = order();
  CHECK(made(job, "").workdir == "/workspace");
  job.steps[0].workdir = "sub";
  CHECK(made(job, "").workdir == "/workspace/sub");
  job.steps[0].workdir = "/srv";
  CHECK(made(job, "").workdir == "/srv");
}

TEST_CASE("the hash of a container's spec changes with whatever changes the container") {
  const docker::ContainerSpec spec = made(order(), "");
  const std::string hash = spec_hash(spec);
  CHECK(hash == spec_hash(made(order(), "")));
  docker::ContainerSpec other = spec;
  other.env.push_back("X=1");
  CHECK(spec_hash(other) != hash);
  other = spec;
  other.image = "sha256:abd";
  CHECK(spec_hash(other) != hash);
  other = spec;
  other.limits.pids = 101;
  CHECK(spec_hash(other) != hash);
}

TEST_CASE("a service has no workspace and its own limits") {
  const JobOrder job = order();
  ServiceSpec service;
  service.name = "db";
  service.limits.memory_bytes = 128 << 20;
  service.command = {"postgres", "-c", "fsync=off"};
  const docker::ContainerSpec spec = service_container(job, service, "sha256:abc", "container:x");
  CHECK(spec.mounts.empty());
  CHECK(spec.limits.memory_bytes == 128 << 20);
  CHECK(spec.command == service.command);
  CHECK_FALSE(spec.entrypoint);
}

TEST_CASE("the hash of a container in the journal says nothing about the values of its variables") {
  docker::ContainerSpec spec("busybox");
  spec.env = {"TOKEN=hunter2", "EMPTY"};
  docker::ContainerSpec other = spec;
  other.env = {"TOKEN=another", "EMPTY"};
  CHECK(spec_hash(spec) == spec_hash(other));
  other.env = {"TOKEN2=hunter2", "EMPTY"};
  CHECK(spec_hash(spec) != spec_hash(other));
}
