// An application is rebuilt from its hosts when the daemon's data is lost, on the rig's three hosts.
#include <catch2/catch.hpp>

#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/audit.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// The daemon with a new data folder, and the project added again.
void lose_everything(Scene& scene) {
  const auto secrets = scene.fleet->secrets.values;
  const auto image = scene.fleet->proxy.image;
  scene.fleet.reset();
  std::filesystem::remove_all(scene.folder);
  scene.fleet = std::make_unique<Fleet>(scene.folder);
  scene.fleet->secrets.values = secrets;
  scene.fleet->proxy.image = image;
  scene.fleet->add_project();
}

Result<RolloutId> adopt(Scene& scene, std::optional<std::int64_t> generation = {}) {
  AdoptionOrder order;
  order.application = scene.application;
  order.generation = generation;
  order.by = "ann";
  return scene.fleet->run(scene.fleet->rollouts->adopt(order));
}

ApplicationStatus status(Scene& scene) {
  auto found = scene.fleet->run(scene.fleet->rollouts->look_for_drift(scene.application));
  REQUIRE(found);
  return *found;
}

bool calm(Scene& scene) {
  const ApplicationStatus found = status(scene);
  return std::all_of(found.hosts.begin(), found.hosts.end(),
                     [](const HostOfApplication& host) { return host.state == "ok"; });
}

std::string id_on(Scene& scene, const std::string& host) {
  for (const Shown& one : scene.fleet->shown(host, scene.application)) {
    if (one.running) return one.id;
  }
  return {};
}

}  // namespace

TEST_CASE(
    "an application whose daemon lost its data is adopted, goes on running, and can be rolled back and deployed") {
  Scene scene("ro-adopt");
  scene.fleet->secrets.values["WORD"] = "sesame";
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    secrets: [word]\n");
  compose += "secrets: {word: {environment: WORD}}\n";
  const std::string one = push_web_image(*scene.fleet, "adopt-1", "one");
  const std::string two = push_web_image(*scene.fleet, "adopt-2", "two");
  REQUIRE(scene.fleet->roll_out(compose, one).state == "succeeded");
  REQUIRE(scene.fleet->roll_out(compose, two).state == "succeeded");
  const std::string before = id_on(scene, "h2");
  lose_everything(scene);

  const auto adopted = adopt(scene);
  REQUIRE(adopted);
  CHECK(calm(scene));
  CHECK(id_on(scene, "h2") == before);
  CHECK(scene.served() == thrice("two"));
  const auto application = scene.fleet->run(scene.fleet->store->read(&store::Applications::get, scene.application));
  CHECK(application->promoted == 2);
  const auto history = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::list, scene.application, 10));
  REQUIRE(history->size() == 2);
  CHECK((*history)[0].id == *adopted);
  CHECK((*history)[0].kind == "adopt");
  CHECK((*history)[0].state == "succeeded");
  CHECK((*history)[0].requested_by == "ann");
  const auto audit = scene.fleet->run(scene.fleet->store->read(&store::Audit::list, 0, 10));
  REQUIRE(audit->items.size() == 1);
  CHECK(audit->items[0].what == "app.adopt");
  const auto again = adopt(scene);
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == Error::Kind::conflict);

  SECTION("a rollback starts the containers that were kept") {
    const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
    REQUIRE(back);
    CHECK(scene.fleet->wait(*back).state == "succeeded");
    CHECK(scene.served() == thrice("one"));
    CHECK(scene.running("h1") == std::vector<std::string>{"ro-adopt-web-g1-1"});
  }
  SECTION("a redeployment with the same secret changes nothing, also after a restart") {
    scene.fleet->restart();
    const auto redeployed = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, false, "ann"));
    REQUIRE(redeployed);
    CHECK(scene.fleet->wait(*redeployed).generation == 2);
    CHECK(id_on(scene, "h2") == before);
  }
  SECTION("the next deployment is the next generation") {
    const auto third = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "adopt-3", "three"));
    CHECK(third.state == "succeeded");
    CHECK(third.generation == 3);
    CHECK(scene.served() == thrice("three"));
  }
}

TEST_CASE(
    "no secret is in what hosts keep of an application, and one deployed with a secret file can be deployed anew") {
  Scene scene("ro-adopt-secret");
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    secrets: [word]\n");
  compose += "secrets: {word: {file: word.txt}}\n";
  const auto deploy = [&](const std::string& image) {
    RolloutOrder order;
    order.generation.project = ProjectId(1);
    order.generation.compose.text = compose;
    order.generation.files = {{"word.txt", "sesame"}};
    order.generation.images = {{"web", image}};
    const auto id = scene.fleet->run(scene.fleet->rollouts->start(order));
    REQUIRE(id);
    return scene.fleet->wait(*id);
  };
  REQUIRE(deploy(push_web_image(*scene.fleet, "adopt-1", "one")).state == "succeeded");
  lose_everything(scene);
  REQUIRE(adopt(scene));
  CHECK(calm(scene));
  const auto row =
      scene.fleet->run(scene.fleet->store->read(&store::Applications::generation, scene.application, std::int64_t{1}));
  REQUIRE(row);
  CHECK_THAT(row->references, !Catch::Contains("sesame"));
  CHECK(deploy(push_web_image(*scene.fleet, "adopt-2", "two")).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
}

TEST_CASE("hosts that do not agree are told apart, until a person says which generation is right") {
  Scene scene("ro-adopt-torn");
  const std::string compose = scene.compose("  min_healthy: 0\n");
  REQUIRE(scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "adopt-1", "one")).state == "succeeded");
  std::string slow = compose;
  slow.insert(slow.find("    stop_grace_period"), "    deploy: {update_config: {delay: 1m}}\n");
  const auto id = scene.fleet->begin(slow, push_web_image(*scene.fleet, "adopt-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until(
      [&] { return scene.fleet->run(scene.fleet->store->read(&store::Rollouts::get, *id))->state == "baking"; });
  lose_everything(scene);
  const auto torn = adopt(scene);
  REQUIRE_FALSE(torn);
  CHECK_THAT(torn.error().message, Catch::Contains("host h1: runs generation 2; host h2: runs generation 1"));
  REQUIRE(adopt(scene, 1));
  CHECK_FALSE(calm(scene));
  const auto redeployed = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, false, "ann"));
  REQUIRE(redeployed);
  CHECK(scene.fleet->wait(*redeployed).state == "succeeded");
  CHECK(scene.served() == thrice("one"));
  CHECK(calm(scene));
}

TEST_CASE("a generation that changes no container is adopted all the same, from a volume") {
  Scene scene("ro-adopt-policy");
  const std::string image = push_web_image(*scene.fleet, "adopt-1", "one");
  REQUIRE(scene.fleet->roll_out(scene.compose(), image).state == "succeeded");
  REQUIRE(scene.fleet->roll_out(scene.compose("  keep: 3\n"), image).state == "succeeded");
  CHECK(scene.running("h1") == std::vector<std::string>{"ro-adopt-policy-web-g1-1"});
  lose_everything(scene);
  REQUIRE(adopt(scene));
  const auto application = scene.fleet->run(scene.fleet->store->read(&store::Applications::get, scene.application));
  CHECK(application->promoted == 2);
  CHECK(calm(scene));
}

TEST_CASE("a daemon that has rolled out applications of its own does not take over another installation's") {
  Scene scene("ro-adopt-own");
  REQUIRE(scene.fleet->roll_out(scene.compose(), push_web_image(*scene.fleet, "adopt-1", "one")).state == "succeeded");
  lose_everything(scene);
  std::string mine = scene.compose();
  mine.replace(mine.find("ro-adopt-own"), 12, "ro-adopt-mine");
  mine.replace(mine.find("8080:8080"), 9, "8081:8080");
  REQUIRE(scene.fleet->roll_out(mine, push_web_image(*scene.fleet, "adopt-1", "one")).state == "succeeded");
  const auto adopted = adopt(scene);
  REQUIRE_FALSE(adopted);
  CHECK_THAT(adopted.error().message, Catch::Contains("has rolled out others already, such as ro-adopt-mine"));
}
