// What would make a rollout fail on a host is found before any host is changed.
#include <catch2/catch.hpp>

#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

const std::vector<std::string> every_host{"h1", "h2", "h3"};

/// When the container was last started on each host.
std::vector<std::optional<Time>> starts_of(Scene& scene, const std::string& container) {
  std::vector<std::optional<Time>> starts;
  for (const std::string& host : every_host) {
    const auto there = scene.fleet->run((*scene.fleet->hosts->engine(host))->containers().inspect(container));
    REQUIRE(there);
    CHECK(there->state.running);
    starts.push_back(there->state.started_at);
  }
  return starts;
}

/// A file of one application that is only on `host`, with further lines of its service and of the file.
std::string only_on(const std::string& host, const std::string& application, const std::string& service,
                    const std::string& file = {}) {
  return "name: " + application + "\nservices:\n  web:\n    stop_grace_period: 1s\n" + service + file +
         "x-slipway:\n  targets: [" + host + "]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n";
}

/// Rolls a file out that can't be, and answers why.
std::string refusal(Scene& scene, const std::string& compose, const std::string& image) {
  const auto ended = scene.fleet->roll_out(compose, image);
  CHECK(ended.state == "rolled_back");
  CHECK_THAT(ended.reason, Catch::EndsWith("; nothing was changed"));
  return ended.reason;
}

}  // namespace

TEST_CASE(
    "ports and networks that can't be had on one host refuse a rollout before any host's containers are stopped") {
  Scene scene("ro-refused");
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    networks: [inner]\n");
  compose.insert(compose.find("x-slipway"), "networks: {inner: {}}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "refused-1", "one"));
  const std::string two = push_web_image(*scene.fleet, "refused-2", "two");
  scene.fleet->settle(only_on("h3", "ro-first", "    ports: [\"8090:8080\"]\n    networks: [inner]\n",
                              "networks: {inner: {name: ro-first-net}}\n"),
                      two);
  const auto starts = starts_of(scene, "ro-refused-web-g1-1");

  std::string port = compose;
  port.replace(port.find("[\"8080:8080\"]"), 13, "[\"8080:8080\", \"8090:9090\"]");
  CHECK_THAT(refusal(scene, port, two),
             Catch::StartsWith("host h3: port 8090 of service 'web' is taken by container ro-first-web-g1-1 of the "
                               "application ro-first (publish another one"));
  std::string taken = compose;
  taken.replace(taken.find("{inner: {}}"), 11, "{inner: {name: ro-first-net}}");
  CHECK_THAT(refusal(scene, taken, two),
             Catch::StartsWith("host h3: network ro-first-net is there, and not this application's but ro-first's"));
  std::string changed = compose;
  changed.replace(changed.find("{inner: {}}"), 11, "{inner: {internal: true}}");
  CHECK_THAT(refusal(scene, changed, two),
             Catch::Contains("network ro-refused_inner is there with another definition (give the changed network"));
  std::string missing = compose;
  missing.replace(missing.find("{inner: {}}"), 11, "{inner: {name: ro-not-there, external: true}}");
  CHECK_THAT(
      refusal(scene, missing, two),
      Catch::StartsWith("host h1: network ro-not-there is not on this host (it is external, so make it there: docker"));

  CHECK(starts_of(scene, "ro-refused-web-g1-1") == starts);
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("a host name that another application has on one host refuses a rollout before containers are stopped") {
  Scene scene("ro-routeless");
  push_proxy_image(*scene.fleet);
  const std::string image = push_web_image(*scene.fleet, "routeless-1", "one");
  const std::string route = "    expose: [\"8080\"]\n    x-slipway: {route: {host: taken.example.org, port: 8080}}\n";
  scene.fleet->settle(only_on("h2", "ro-first", route), image);
  std::string compose = only_on("production", "ro-routeless", "    deploy: {update_config: {order: stop-first}}\n");
  scene.fleet->settle(compose, image);
  const auto starts = starts_of(scene, "ro-routeless-web-g1-1");
  compose.insert(compose.find("    deploy"), route);
  CHECK_THAT(refusal(scene, compose, push_web_image(*scene.fleet, "routeless-2", "two")),
             Catch::StartsWith("host h2: host name taken.example.org is routed to application ro-first already (give"));
  CHECK(starts_of(scene, "ro-routeless-web-g1-1") == starts);
}

TEST_CASE("a rollback starts what it kept without a secret that was removed since, and is refused where it is gone") {
  Scene scene("ro-kept");
  scene.fleet->secrets.values["WORD"] = "sesame";
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    secrets: [word]\n");
  compose.insert(compose.find("x-slipway"), "secrets: {word: {environment: WORD}}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "kept-1", "one"));
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "kept-2", "two"));
  scene.fleet->secrets.values.clear();
  docker::Engine& second = **scene.fleet->hosts->engine("h2");
  const bool gone = GENERATE(false, true);
  if (gone) REQUIRE(scene.fleet->run(second.containers().remove("ro-kept-web-g1-1")));
  const auto starts = starts_of(scene, "ro-kept-web-g2-1");
  const auto id = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-kept", "ann"));
  REQUIRE(id);
  const auto ended = scene.fleet->wait(*id);
  INFO(ended.reason);
  if (gone) {
    CHECK(ended.state == "rolled_back");
    CHECK(ended.reason ==
          "host h2: container ro-kept-web-g1-1 has to be made: secret 'WORD': no secret WORD; nothing was changed");
    CHECK(starts_of(scene, "ro-kept-web-g2-1") == starts);
    return;
  }
  CHECK(ended.state == "succeeded");
  CHECK(scene.served() == thrice("one"));
  docker::ExecSpec spec({"cat", "/run/secrets/word"});
  const auto read = scene.fleet->run(second.exec().run("ro-kept-web-g1-1", std::move(spec)));
  REQUIRE(read);
  CHECK(read->output == "sesame");
}
