// What is another application's, or slipway's own, no Compose file gets; on a real host.
#include <catch2/catch.hpp>

#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// One service on h1; `more` are further lines of the service, `top` of the file.
std::string on_h1(const std::string& name, const std::string& more, const std::string& top = {}) {
  return "name: " + name + "\nservices:\n  web:\n    stop_grace_period: 1s\n" + more + top +
         "x-slipway:\n  targets: [h1]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n";
}

}  // namespace

TEST_CASE("an application gets neither the volume nor the network of another one by its name") {
  Scene scene("ro-owner");
  const std::string image = push_web_image(*scene.fleet, "owner", "one");
  const auto file = [](const std::string& name, const std::string& volume, const std::string& network) {
    return "name: " + name +
           "\nservices:\n  web:\n    stop_grace_period: 1s\n    volumes: [\"data:/data\"]\n    networks: [inner]\n"
           "volumes: {data: {name: " +
           volume + "}}\nnetworks: {inner: {name: " + network +
           "}}\nx-slipway:\n  targets: [h1]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n";
  };
  const auto owner = scene.fleet->roll_out(file("ro-owner", "ro-owner-data", "ro-owner-net"), image);
  INFO(owner.reason);
  REQUIRE(owner.state == "succeeded");
  const auto volume = scene.fleet->roll_out(file("ro-thief", "ro-owner-data", "ro-thief-net"), image);
  CHECK(volume.state == "rolled_back");
  CHECK_THAT(volume.reason, Catch::Contains("volume ro-owner-data is there, and not this application's"));
  const auto network = scene.fleet->roll_out(file("ro-thief", "ro-thief-data", "ro-owner-net"), image);
  CHECK(network.state == "rolled_back");
  CHECK_THAT(network.reason, Catch::Contains("network ro-owner-net is there, and not this application's"));
}

TEST_CASE("what is external belongs to nobody: not to another application, nor to a project of Docker Compose") {
  Scene scene("ro-external");
  const std::string image = push_web_image(*scene.fleet, "external", "one");
  REQUIRE(
      scene.fleet
          ->roll_out(on_h1("ro-external", "    networks: [inner]\n", "networks: {inner: {name: ro-external-net}}\n"),
                     image)
          .state == "succeeded");
  docker::Engine& engine = **scene.fleet->hosts->engine("h1");
  docker::NetworkSpec composed("ro-external-composed");
  composed.labels = {{"com.docker.compose.project", "another"}};
  const auto made = scene.fleet->run(engine.networks().create(composed));
  REQUIRE(made);
  docker::NetworkSpec free("ro-external-free");
  const auto nobodys = scene.fleet->run(engine.networks().create(free));
  REQUIRE(nobodys);
  const auto joining = [&](const std::string& network) {
    return scene.fleet->roll_out(
        on_h1("ro-guest", "    networks: [other]\n", "networks: {other: {external: true, name: " + network + "}}\n"),
        image);
  };
  const auto application = joining("ro-external-net");
  CHECK(application.state == "rolled_back");
  CHECK_THAT(application.reason, Catch::Contains("belongs to something else that slipway runs"));
  const auto compose = joining("ro-external-composed");
  CHECK(compose.state == "rolled_back");
  CHECK_THAT(compose.reason, Catch::Contains("belongs to the project another of Docker Compose"));
  const auto shared = joining("ro-external-free");
  INFO(shared.reason);
  CHECK(shared.state == "succeeded");
  scene.fleet->clean();
  CHECK(scene.fleet->run(engine.networks().remove(*made)));
  CHECK(scene.fleet->run(engine.networks().remove(*nobodys)));
}

TEST_CASE("an image whose labels would make its container another application's is refused, and nothing is started") {
  Scene scene("ro-labelled");
  const std::string image = push_image(*scene.fleet, "web", "labelled",
                                       "FROM busybox:latest\nLABEL dev.slipway.application=ro-victim "
                                       "dev.slipway.service=web\nCMD [\"sleep\", \"1000\"]\n");
  const auto rollout = scene.fleet->roll_out(on_h1("ro-labelled", ""), image);
  CHECK(rollout.state == "rolled_back");
  CHECK_THAT(rollout.reason, Catch::Contains("has a label of slipway's own: dev.slipway."));
  CHECK(scene.fleet->shown("h1", "ro-labelled").empty());
  CHECK(scene.fleet->shown("h1", "ro-victim").empty());
}

TEST_CASE(
    "an application gets no image of a registry that its project may not use, by tag, digest or what a host has") {
  Scene scene("ro-granted");
  const std::string image = push_web_image(*scene.fleet, "granted", "one");
  const std::string pinned = push_image(*scene.fleet, "side", "1", "FROM busybox:latest\nCMD [\"sleep\", \"1000\"]\n");
  const std::string tagged = pinned.substr(0, pinned.find('@')) + ":1";
  const auto with_side = [&](const std::string& side, const std::string& more) {
    return scene.fleet->begin(on_h1("ro-granted", "", "  side: {image: \"" + side + "\"" + more + "}\n"), image);
  };
  const auto allowed = with_side(tagged, "");
  INFO((allowed ? "" : allowed.error().message));
  REQUIRE(allowed);
  CHECK(scene.fleet->wait(*allowed).state == "succeeded");
  scene.fleet->grants.limit(rig_setting("SLIPWAY_TEST_REGISTRY"), {"another/*"});
  CHECK_FALSE(with_side(tagged, ""));
  CHECK_FALSE(with_side(pinned, ""));
  const auto never = with_side(tagged, ", pull_policy: never");
  REQUIRE_FALSE(never);
  CHECK(never.error().kind == Error::Kind::forbidden);
  CHECK_THAT(never.error().hint, Catch::Contains(".projects in slipwayd's settings"));
}
