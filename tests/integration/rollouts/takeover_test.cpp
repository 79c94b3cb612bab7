// What Docker Compose runs on the rig's hosts becomes an application: the real docker-compose, and nothing is
// restarted.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/audit.hpp"
#include "tests/integration/rollouts/fleet/compose_project.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;
using Catch::Contains;

namespace {

const std::vector<std::string> all_hosts{"h1", "h2", "h3"};

/// web on port 8080, and db, which nothing changes.
std::string services(const std::string& web, const std::string& db, const std::string& more = {}) {
  return "services:\n"
         "  web:\n    image: " +
         web +
         "\n    restart: always\n    ports: [\"8080:8080\"]\n"
         "    stop_grace_period: 1s\n    environment:\n      TIER: front\n" +
         more + "  db:\n    image: " + db +
         "\n    restart: always\n    stop_grace_period: 1s\n    volumes: [data:/data]\n"
         "volumes: {data: }\n";
}

std::string slipway_file(const std::string& application, const std::string& services) {
  return "name: " + application + "\n" + services + "x-slipway:\n  targets: [h1, h2, h3]\n  min_healthy_time: 200ms\n";
}

Result<Takeover> take_over(Scene& scene, const std::string& file, std::map<std::string, std::string> files = {}) {
  TakeoverOrder order;
  order.application = scene.application;
  order.generation.files = std::move(files);
  order.generation.compose.text = file;
  order.project = "shop";
  order.by = "ann";
  return scene.fleet->run(scene.fleet->rollouts->take_over(order));
}

/// Container and when it started, by service, on a host.
std::map<std::string, std::string> lives(Scene& scene, const std::string& host) {
  docker::Engine& engine = **scene.fleet->hosts->engine(host);
  docker::ListContainers what;
  what.all = false;
  what.filters.label("com.docker.compose.project", scene.application);
  std::map<std::string, std::string> lives;
  const auto listed = scene.fleet->run(engine.containers().list(what));
  REQUIRE(listed);
  for (const auto& one : *listed) {
    const auto there = scene.fleet->run(engine.containers().inspect(one.id));
    REQUIRE(there);
    lives[one.labels.at("com.docker.compose.service")] =
        one.id + " since " + std::to_string(there->state.started_at.value_or(Time()).time_since_epoch().count());
  }
  return lives;
}

std::vector<std::string> names(Scene& scene, const std::string& host) {
  std::vector<std::string> names = scene.running(host);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> states(Scene& scene) {
  auto found = scene.fleet->run(scene.fleet->rollouts->look_for_drift(scene.application));
  REQUIRE(found);
  std::vector<std::string> states;
  for (const HostOfApplication& host : found->hosts) states.push_back(host.state + host.reason);
  return states;
}

}  // namespace

TEST_CASE(
    "a project of Docker Compose becomes an application without a restart, and is deployed and rolled back from "
    "there") {
  Scene scene("ro-takeover");
  const std::string db = push_database_image(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "takeover-1", "one");
  const std::string two = push_web_image(*scene.fleet, "takeover-2", "two");
  const std::string file = services(one, db);
  ComposeProject project(*scene.fleet, scene.application, file);
  for (const std::string& host : all_hosts) project.up(host);
  scene.fleet->run_until([&] { return scene.served() == thrice("one"); });
  const auto before = lives(scene, "h2");
  REQUIRE(before.size() == 2);

  const auto taken = take_over(scene, slipway_file(scene.application, file));
  if (!taken) FAIL(taken.error().message + "\n" + taken.error().hint);
  CHECK(taken->notes == std::vector<std::string>{});
  CHECK(states(scene) == thrice("ok"));
  CHECK(lives(scene, "h2") == before);
  CHECK(names(scene, "h2") == std::vector<std::string>{"ro-takeover-db-g1-1", "ro-takeover-web-g1-1"});
  const auto audit = scene.fleet->run(scene.fleet->store->read(&store::Audit::list, 0, 10));
  REQUIRE(audit->items.size() == 1);
  CHECK(audit->items[0].what == "app.adopt");
  const auto again = take_over(scene, slipway_file(scene.application, file));
  REQUIRE_FALSE(again);
  CHECK(again.error().kind == Error::Kind::conflict);

  const auto deployed = scene.fleet->roll_out(slipway_file(scene.application, file), two);
  INFO(deployed.reason);
  REQUIRE(deployed.state == "succeeded");
  CHECK(deployed.generation == 2);
  CHECK(scene.served() == thrice("two"));
  CHECK(lives(scene, "h2")["db"] == before.at("db"));
  CHECK(names(scene, "h2") == std::vector<std::string>{"ro-takeover-db-g1-1", "ro-takeover-web-g2-1"});
  CHECK(states(scene) == thrice("ok"));

  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
  CHECK(scene.served() == thrice("one"));
  CHECK(names(scene, "h2") == std::vector<std::string>{"ro-takeover-db-g1-1", "ro-takeover-web-g1-1"});
  CHECK(lives(scene, "h2")["db"] == before.at("db"));
  CHECK(states(scene) == thrice("ok"));
}

TEST_CASE("what Docker Compose runs and the file says otherwise is told, and made anew by the next deployment") {
  Scene scene("ro-takeover-unlike");
  const std::string db = push_database_image(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "takeover-unlike", "one");
  ComposeProject project(*scene.fleet, scene.application, services(one, db));
  for (const std::string& host : all_hosts) project.up(host);
  const auto before = lives(scene, "h1");
  const std::string file = slipway_file(scene.application, services(one, db, "    mem_limit: 64m\n"));
  const auto taken = take_over(scene, file);
  if (!taken) FAIL(taken.error().message + "\n" + taken.error().hint);
  REQUIRE(taken->notes.size() >= 3);
  CHECK_THAT(taken->notes[0], Contains("host h1, service 'web': Memory differs: nothing against 67108864"));
  CHECK(states(scene) == thrice("ok"));
  CHECK(lives(scene, "h1") == before);
  REQUIRE(scene.fleet->roll_out(file, one).state == "succeeded");
  CHECK(names(scene, "h1") == std::vector<std::string>{"ro-takeover-unlike-db-g1-1", "ro-takeover-unlike-web-g2-1"});
  CHECK(lives(scene, "h1")["db"] == before.at("db"));
}

TEST_CASE("what a service has from its env_file is no difference to what Docker Compose runs") {
  Scene scene("ro-takeover-env");
  const std::string db = push_database_image(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "takeover-env", "one");
  ComposeProject project(*scene.fleet, scene.application, services(one, db, "      X_EXTRA: \"1\"\n"));
  for (const std::string& host : all_hosts) project.up(host);
  const auto before = lives(scene, "h1");
  const std::string file = slipway_file(scene.application, services(one, db, "    env_file: [web.env]\n"));
  const auto taken =
      take_over(scene, file, {{"web.env", "X_EXTRA=1\nTIER=of the file, which environment wins over\n"}});
  if (!taken) FAIL(taken.error().message + "\n" + taken.error().hint);
  CHECK(taken->notes == std::vector<std::string>{});
  CHECK(states(scene) == thrice("ok"));
  CHECK(lives(scene, "h1") == before);
}

TEST_CASE("a deployment that fails after a takeover ends with what Docker Compose had started") {
  Scene scene("ro-takeover-back");
  const std::string db = push_database_image(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "takeover-back", "one");
  const std::string file = services(one, db);
  ComposeProject project(*scene.fleet, scene.application, file);
  for (const std::string& host : all_hosts) project.up(host);
  const auto before = lives(scene, "h3");
  const auto taken = take_over(scene, slipway_file(scene.application, file));
  if (!taken) FAIL(taken.error().message + "\n" + taken.error().hint);
  const std::string sick = slipway_file(
      scene.application, services(one, db, "    healthcheck: {test: \"false\", interval: 100ms, retries: 1}\n"));
  CHECK(scene.fleet->roll_out(sick, one).state == "rolled_back");
  CHECK(scene.served() == thrice("one"));
  CHECK(lives(scene, "h3") == before);
  CHECK(states(scene) == thrice("ok"));
}

TEST_CASE("a takeover that can't be says where and why, and touches nothing") {
  Scene scene("ro-takeover-not");
  const std::string db = push_database_image(*scene.fleet);
  const std::string one = push_web_image(*scene.fleet, "takeover-not-1", "one");
  const std::string two = push_web_image(*scene.fleet, "takeover-not-2", "two");
  const std::string file = services(one, db);
  ComposeProject project(*scene.fleet, scene.application, file);
  for (const char* host : {"h1", "h2"}) project.up(host);
  const auto refused = [&](const std::string& text) {
    const auto taken = take_over(scene, text);
    REQUIRE_FALSE(taken);
    return taken.error().message;
  };
  const std::string good = slipway_file(scene.application, file);
  CHECK_THAT(refused(good), Contains("service 'web' has 0 containers on host h3, and the file asks for 1"));
  CHECK_THAT(refused(slipway_file("another", file)), Contains("is application 'another', not 'ro-takeover-not'"));
  ComposeProject other(*scene.fleet, scene.application, services(two, db));
  other.up("h3");
  CHECK_THAT(refused(good), Contains("service 'web' runs image sha256:"));
  project.up("h3");
  std::string without_db = good;
  without_db.erase(without_db.find("  db:"), without_db.find("volumes: {data: }") - without_db.find("  db:"));
  CHECK_THAT(refused(without_db), Contains("of service 'db', which the file does not have"));
  for (const std::string& name : project.names("h1")) CHECK_THAT(name, Contains("ro-takeover-not_"));

  // Without an admin's word nobody gets at what belongs to a project of Docker Compose by its name.
  const auto deployed = scene.fleet->roll_out(good, one);
  CHECK(deployed.state == "rolled_back");
  CHECK_THAT(deployed.reason, Contains("was made by Docker Compose"));
  CHECK(project.names("h1").size() == 2);
  const auto taken = take_over(scene, good);
  if (!taken) FAIL(taken.error().message + "\n" + taken.error().hint);
  CHECK(names(scene, "h1") == std::vector<std::string>{"ro-takeover-not-db-g2-1", "ro-takeover-not-web-g2-1"});
}
