// A real Caddy on one of the rig's hosts in front of real containers.
#include "tests/integration/rollouts/fleet/caddy.hpp"

#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/probe_log.hpp"
#include "tests/integration/rollouts/fleet/traffic_scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// Containers on h1, whose traffic goes through a Caddy there.
struct CaddyScene : TrafficScene {
  explicit CaddyScene(std::string name) : TrafficScene(std::move(name)), caddy(fleet->hosts->address_of("h1")) {
    use(caddy.settings());
  }
  void use(const caddy::CaddySettings& settings) {
    fleet->caddies["h1"] = settings;
    fleet->restart();
  }
  Traffic& traffic() { return *fleet->traffic; }
  /// What somebody else's route answers.
  [[nodiscard]] std::string elsewhere() const { return get("/", "own.example.org").body; }

  Caddy caddy;
};

}  // namespace

TEST_CASE("with a Caddy requests go to what is attached, and what others route through it stays") {
  CaddyScene scene("ro-caddy");
  scene.serve("one");
  scene.serve("two");
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {scene.backend("one")}, 100)));
  CHECK(scene.answer() == "one");
  CHECK(scene.elsewhere() == "somebody else's");
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {scene.backend("two")}, 100)));
  scene.done(scene.fleet->run(scene.traffic().detach(scene.place(), {"ro-caddy-one"})));
  for (int i = 0; i < 10; ++i) CHECK(scene.answer() == "two");
  CHECK(scene.elsewhere() == "somebody else's");
  CHECK(scene.proxies().empty());
  CHECK_FALSE(scene.traffic().weighs("h1"));
}

TEST_CASE("with a Caddy a container that is detached finishes what it has, and Caddy says when") {
  CaddyScene scene("ro-caddy-drain");
  scene.serve_held("slow");
  scene.serve("quick");
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {scene.backend("slow")}, 100)));
  std::optional<HttpResponse> late;
  std::thread request([&] { late = scene.get(); });
  const std::vector<std::string> old = {"ro-caddy-drain-slow"};
  scene.await_request("slow");
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {scene.backend("quick")}, 100)));
  scene.done(scene.fleet->run(scene.traffic().detach(scene.place(), old)));
  const auto open = scene.fleet->run(scene.traffic().in_flight(scene.place(), old));
  CHECK(scene.answer() == "quick");
  scene.release("slow");
  request.join();
  REQUIRE(open);
  CHECK(open->requests == 1);
  CHECK(open->waited);
  REQUIRE(late);
  CHECK(late->body == "slow\n");
  const auto after = scene.fleet->run(scene.traffic().in_flight(scene.place(), old));
  REQUIRE(after);
  CHECK(after->requests == 0);
}

TEST_CASE("with a Caddy a container that is set aside finishes what it has, whoever has its name by then") {
  CaddyScene scene("ro-caddy-aside");
  scene.serve_held("web");
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {scene.backend("web")}, 100)));
  std::optional<HttpResponse> late;
  std::thread request([&] { late = scene.get(); });
  scene.await_request("web");
  const std::string aside = "ro-caddy-aside-web-drifted-7";
  scene.done(scene.fleet->run(scene.traffic().rename(scene.place(), "ro-caddy-aside-web", aside)));
  scene.done(scene.fleet->run(scene.engine().containers().rename("ro-caddy-aside-web", aside)));
  scene.serve("web");
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {scene.backend("web")}, 100)));
  scene.done(scene.fleet->run(scene.traffic().detach(scene.place(), {aside})));
  const auto open = scene.fleet->run(scene.traffic().in_flight(scene.place(), {aside}));
  CHECK(scene.answer() == "web");
  scene.release("web-drifted-7");
  request.join();
  REQUIRE(open);
  CHECK(open->requests == 1);
  REQUIRE(late);
  CHECK(late->body == "slow\n");
}

TEST_CASE("with a Caddy a route that was dropped is gone once its containers stopped") {
  CaddyScene scene("ro-caddy-forget");
  scene.serve("web");
  scene.serve("api");
  Backend web = scene.backend("web", "web");
  Backend api = scene.backend("api", "api");
  web.route->hosts = {"web.example.org"};
  api.route->hosts = {"api.example.org"};
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {web, api}, 100)));
  CHECK(scene.answer("api.example.org") == "api");
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {web}, 100)));
  scene.done(scene.fleet->run(scene.traffic().detach(scene.place(), {"ro-caddy-forget-api"})));
  REQUIRE(scene.fleet->run(scene.engine().containers().stop("ro-caddy-forget-api", 0)));
  scene.done(scene.fleet->run(scene.traffic().forget(scene.place(), {"web"})));
  CHECK(scene.answer("web.example.org") == "web");
  api.container = "ro-caddy-forget-other-web";
  scene.serve("other-web");
  scene.done(scene.fleet->run(scene.traffic().attach({"ro-caddy-forget-other", "h1"}, {api}, 100)));
  CHECK(scene.answer("api.example.org") == "other-web");
}

TEST_CASE("with a Caddy two changes at the same moment are both made") {
  CaddyScene scene("ro-caddy-two");
  scene.serve("one");
  auto other = [&](const std::string& name) {
    Backend backend = scene.backend("one", name);
    backend.route->hosts = {name + ".example.org"};
    return std::vector<Backend>{backend};
  };
  const auto both = scene.fleet->run(
      [](Traffic& traffic, Place place, std::vector<Backend> a, std::vector<Backend> b) -> awaitable<Result<void>> {
        auto first = traffic.attach(place, std::move(a), 100);
        auto second = traffic.attach(std::move(place), std::move(b), 100);
        auto work = all_of(std::move(first), std::move(second));
        const auto [x, y] = co_await std::move(work);
        co_return x ? y : x;
      }(scene.traffic(), scene.place(), other("red"), other("blue")));
  scene.done(both);
  CHECK(scene.answer("red.example.org") == "one");
  CHECK(scene.answer("blue.example.org") == "one");
}

TEST_CASE("with a Caddy routes that a restart lost are made again, and a moved container is followed") {
  CaddyScene scene("ro-caddy-mend");
  scene.serve("one");
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {scene.backend("one")}, 100)));
  scene.caddy.restart();
  CHECK(scene.get().body != "one\n");
  scene.done(scene.fleet->run(scene.traffic().mend(scene.place(), {scene.backend("one")})));
  CHECK(scene.answer() == "one");
  REQUIRE(scene.fleet->run(scene.engine().containers().stop("ro-caddy-mend-one", 0)));
  scene.serve("other");  // takes the address
  REQUIRE(scene.fleet->run(scene.engine().containers().start("ro-caddy-mend-one")));
  scene.done(scene.fleet->run(scene.traffic().mend(scene.place(), {scene.backend("one")})));
  CHECK(scene.answer() == "one");
}

TEST_CASE("a Caddy is commanded by TLS on both sides, and by nobody without our certificate") {
  CaddyScene scene("ro-caddy-tls");
  scene.serve("one");
  scene.use(scene.caddy.remote());
  scene.done(scene.fleet->run(scene.traffic().attach(scene.place(), {scene.backend("one")}, 100)));
  CHECK(scene.answer() == "one");
  caddy::CaddySettings stranger = scene.caddy.remote();
  stranger.certificate.clear();
  stranger.key.clear();
  scene.use(stranger);
  CHECK_FALSE(scene.fleet->run(scene.traffic().detach(scene.place(), {"ro-caddy-tls-one"})));
}

TEST_CASE("what a Caddy can't do is said, with what to change") {
  CaddyScene scene("ro-caddy-not");
  Route route;
  route.tls = "shop";
  const auto tls = scene.traffic().check("h1", route);
  REQUIRE_FALSE(tls);
  CHECK(tls.error().kind == Error::Kind::invalid);
  caddy::CaddySettings other = scene.caddy.settings();
  other.server = "srv9";
  scene.use(other);
  const auto missing = scene.fleet->run(scene.traffic().detach(scene.place(), {"x"}));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().message == "Caddy on h1 has no HTTP server 'srv9'");
}

TEST_CASE("a rollout through a Caddy replaces what runs, and its probes see no failure") {
  CaddyScene scene("ro-caddy-roll");
  scene.fleet->add_project();
  const std::string compose =
      "name: ro-caddy-roll\nservices:\n  web:\n    stop_grace_period: 1s\n"
      "    x-slipway: {route: {host: app.example.org, port: 8080}}\n"
      "x-slipway:\n  targets: [h1]\n  min_healthy_time: 300ms\n  health_deadline: 10s\n  probe: {rate: 20}\n";
  const auto first = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "caddy-1", "first"));
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  CHECK(scene.answer("app.example.org") == "first");
  const auto second = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "caddy-2", "second"));
  INFO(second.reason);
  REQUIRE(second.state == "succeeded");
  CHECK(scene.answer("app.example.org") == "second");
  CHECK(scene.elsewhere() == "somebody else's");
  const auto progress = parse_json(second.progress);
  const ProbeLog probes = ProbeLog::from(value_at(*progress, "probes"));
  CHECK(probes.requests() > 5);
  CHECK(probes.failures() == 0);
  CHECK(scene.fleet->shown("h1", "ro-caddy-roll").size() == 2);  // the old one stays for a rollback
}
