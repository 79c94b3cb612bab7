// The Engine's calls for swarms, on a real one: here, since the rig's hosts are what one can be made of.
#include <catch2/catch.hpp>

#include "tests/integration/rollouts/fleet/scene.hpp"
#include "tests/integration/rollouts/fleet/test_swarm.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

docker::ServiceSpec sleeper(const std::string& image, std::uint64_t replicas = 1) {
  docker::ContainerSpec task(image);
  task.command = {"sleep", "1000"};
  task.labels = {{"of", "container"}};
  task.stop_timeout_seconds = 1;
  docker::ServiceSpec spec(std::move(task));
  spec.name = "ro-client";
  spec.labels = {{"of", "service"}};
  spec.replicas = replicas;
  return spec;
}

}  // namespace

TEST_CASE("an Engine that is in no swarm is unavailable as a manager") {
  Scene scene("ro-noswarm");
  {
    TestSwarm leaves_again(*scene.fleet);
  }
  const auto manager = scene.fleet->run(scene.fleet->hosts->manager("swarm"));
  REQUIRE_FALSE(manager);
  CHECK(manager.error().kind == Error::Kind::unavailable);
  CHECK_THAT(manager.error().message, Catch::StartsWith("no manager of swarm swarm answers: h1: ") &&
                                          Catch::Contains("This node is not a swarm manager"));
  const auto unknown = scene.fleet->run(scene.fleet->hosts->manager("other"));
  REQUIRE_FALSE(unknown);
  CHECK(unknown.error().kind == Error::Kind::not_found);
}

TEST_CASE("a service is made, found, updated at its version only, rolled back and removed") {
  Scene scene("ro-client");
  TestSwarm swarm(*scene.fleet);
  Fleet& fleet = *scene.fleet;
  docker::Services& services = swarm.manager().services();
  const std::string image = push_web_image(fleet, "client", "x");
  const docker::RegistryAuth auth = *fleet.run(fleet.registry.credentials(image.substr(0, image.rfind('@'))));

  REQUIRE(fleet.run(services.create(sleeper(image), auth)));
  const auto taken = fleet.run(services.create(sleeper(image), auth));
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == Error::Kind::conflict);
  docker::Filters by_label;
  by_label.label("of", "service");
  CHECK(fleet.run(services.list(by_label))->size() == 1);
  fleet.run_until([&] {
    const auto tasks = swarm.tasks("ro-client");
    return tasks.size() == 1 && tasks[0].state == "running";
  });
  const docker::Task task = swarm.tasks("ro-client")[0];
  CHECK(task.image == image);
  CHECK(task.labels.at("of") == "container");
  CHECK_FALSE(task.node.empty());
  CHECK_FALSE(task.container.empty());

  const docker::Service before = swarm.service("ro-client");
  CHECK(before.update.state == docker::UpdateStatus::State::none);
  CHECK_FALSE(before.previous_labels);
  REQUIRE(fleet.run(services.update(before.id, before.version, sleeper(image, 2), auth)));
  const auto late = fleet.run(services.update(before.id, before.version, sleeper(image, 3), auth));
  REQUIRE_FALSE(late);
  CHECK(late.error().kind == Error::Kind::conflict);
  const docker::Service after = swarm.service("ro-client");
  CHECK(after.replicas == 2);
  CHECK(after.previous_labels == before.labels);
  REQUIRE(fleet.run(services.roll_back(after)));
  CHECK(swarm.service("ro-client").replicas == 1);

  CHECK(fleet.run(services.nodes())->size() == 3);
  CHECK(fleet.run(services.remove(before.id)));
  CHECK(fleet.run(services.remove(before.id)));
  const auto gone = fleet.run(services.inspect("ro-client"));
  REQUIRE_FALSE(gone);
  CHECK(gone.error().kind == Error::Kind::not_found);
}

TEST_CASE("a secret and a config are made once, listed by label, and not removed while a service uses them") {
  Scene scene("ro-client");
  TestSwarm swarm(*scene.fleet);
  Fleet& fleet = *scene.fleet;
  const std::string image = push_web_image(fleet, "client", "x");
  docker::ServiceSpec spec = sleeper(image);
  for (docker::SwarmFiles* files : {&swarm.manager().secrets(), &swarm.manager().configs()}) {
    const auto id = fleet.run(files->create("ro-file", {{"of", "test"}}, std::string("a\0b", 3)));
    REQUIRE(id);
    const auto taken = fleet.run(files->create("ro-file", {}, "other"));
    REQUIRE_FALSE(taken);
    CHECK(taken.error().kind == Error::Kind::conflict);
    docker::Filters ours;
    ours.label("of", "test");
    const auto listed = fleet.run(files->list(ours));
    REQUIRE(listed);
    REQUIRE(listed->size() == 1);
    CHECK(listed->front().id == *id);
    CHECK(listed->front().name == "ro-file");
    auto& granted = files == &swarm.manager().secrets() ? spec.secrets : spec.configs;
    granted = {{*id, "ro-file", "/run/secrets/file", 0, 0, 0400}};
  }
  spec.configs[0].target = "/etc/file";
  REQUIRE(fleet.run(swarm.manager().services().create(spec, docker::RegistryAuth())));
  for (docker::SwarmFiles* files : {&swarm.manager().secrets(), &swarm.manager().configs()}) {
    const std::string id = fleet.run(files->list())->front().id;
    const auto used = fleet.run(files->remove(id));
    REQUIRE_FALSE(used);
    CHECK(used.error().kind == Error::Kind::invalid);
  }
  REQUIRE(fleet.run(swarm.manager().services().remove("ro-client")));
  for (docker::SwarmFiles* files : {&swarm.manager().secrets(), &swarm.manager().configs()}) {
    const std::string id = fleet.run(files->list())->front().id;
    fleet.run_until([&] { return fleet.run(files->remove(id)).has_value(); });
    CHECK(fleet.run(files->remove(id)));
  }
}
