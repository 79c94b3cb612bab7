// Volumes that outlive the containers they were made with, on a real host.
#include <catch2/catch.hpp>

#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

std::string compose(const std::string& name, const std::string& more = {}) {
  return "name: " + name + "\nservices:\n  web:\n    stop_grace_period: 1s\n    volumes: [/data]\n" + more +
         "x-slipway:\n  targets: [h1]\n  keep: 1\n  min_healthy_time: 200ms\n  health_deadline: 8s\n";
}

}  // namespace

TEST_CASE("what a container kept in a volume without a name outlives it, through rollouts, failures and a rollback") {
  Scene scene("ro-carry");
  std::vector<std::string> images;
  for (const char* version : {"one", "two", "three", "four"}) {
    images.push_back(push_web_image(*scene.fleet, std::string("carry-") + version, version));
  }
  const std::string file = compose("ro-carry");
  REQUIRE(scene.fleet->roll_out(file, images[0]).state == "succeeded");
  scene.inside("echo precious > /data/file");
  for (int i : {1, 2}) {
    const auto next = scene.fleet->roll_out(file, images[static_cast<std::size_t>(i)]);
    INFO(next.reason);
    REQUIRE(next.state == "succeeded");
    CHECK(scene.inside("cat /data/file") == "precious\n");
  }
  CHECK(scene.said("stops before it starts, since what it keeps in /data"));
  // The first container is gone, and `docker rm -v` with it.
  CHECK(scene.fleet->shown("h1", "ro-carry").size() == 2);
  const auto failed = scene.fleet->roll_out(compose("ro-carry", "    command: [\"false\"]\n"), images[3]);
  CHECK(failed.state == "rolled_back");
  CHECK(scene.inside("cat /data/file") == "precious\n");
  const auto id = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-carry", "ann"));
  REQUIRE(id);
  CHECK(scene.fleet->wait(*id).state == "succeeded");
  CHECK(scene.inside("cat /data/file") == "precious\n");
}

TEST_CASE("a volume without a name is new for each container where the file says so") {
  Scene scene("ro-renew-volume");
  const std::string one = push_web_image(*scene.fleet, "renew-1", "one");
  const std::string two = push_web_image(*scene.fleet, "renew-2", "two");
  const std::string file = compose("ro-renew-volume", "    x-slipway: {anonymous_volumes: renew}\n");
  REQUIRE(scene.fleet->roll_out(file, one).state == "succeeded");
  scene.inside("echo cache > /data/file");
  REQUIRE(scene.fleet->roll_out(file, two).state == "succeeded");
  CHECK(scene.inside("ls /data").empty());
}

TEST_CASE("a service that is renamed stops before it starts, since its volume has one writer") {
  Scene scene("ro-renamed");
  const std::string image = push_web_image(*scene.fleet, "renamed-1", "one");
  const std::string file =
      "name: ro-renamed\nservices:\n  web:\n    stop_grace_period: 1s\n    volumes: [data:/data]\n"
      "volumes: {data: }\nx-slipway:\n  targets: [h1]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n";
  std::string before = file;
  before.replace(before.find("  web:"), 6, "  db:\n    image: " + image);
  before.insert(before.find("volumes: {data"), "  web: {stop_grace_period: 1s}\n");
  REQUIRE(scene.fleet->roll_out(before, image).state == "succeeded");
  const auto renamed = scene.fleet->roll_out(file, image);
  INFO(renamed.reason);
  CHECK(renamed.state == "succeeded");
  CHECK(scene.said("service 'web' stops before it starts, since the volume 'data' is written to"));
}

TEST_CASE("a volume that Docker Compose made for another project is not taken over") {
  Scene scene("ro-not-compose");
  docker::Engine& engine = **scene.fleet->hosts->engine("h1");
  docker::VolumeSpec volume;
  volume.name = "ro-not-compose_data";
  volume.labels = {{"com.docker.compose.project", "another"}};
  REQUIRE(scene.fleet->run(engine.volumes().create(volume)));
  const std::string file =
      "name: ro-not-compose\nservices:\n  web:\n    volumes: [data:/data]\n"
      "volumes: {data: }\nx-slipway:\n  targets: [h1]\n  min_healthy_time: 200ms\n";
  const auto first = scene.fleet->roll_out(file, push_web_image(*scene.fleet, "not-compose", "one"));
  CHECK(first.state == "rolled_back");
  CHECK_THAT(first.reason, Catch::Contains("is there, and not this application's"));
  REQUIRE(scene.fleet->run(engine.volumes().remove(volume.name)));
}
