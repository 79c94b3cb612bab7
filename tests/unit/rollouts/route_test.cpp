#include <catch2/catch.hpp>

#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/traffic.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

Result<Application> decode_route(const std::string& route, const std::string& more = "expose: [\"8080\"]") {
  ComposeText text;
  text.text = "name: shop\nservices:\n  web:\n    image: busybox\n    " + more +
              "\n    x-slipway:\n      route: " + route + "\n";
  ComposeRules rules;
  rules.certificates = {"shop"};
  return decode_compose(text, rules);
}

std::string complaint(const std::string& route, const std::string& more = "expose: [\"8080\"]") {
  const auto application = decode_route(route, more);
  return application ? "" : application.error().message;
}

}  // namespace

TEST_CASE("a route says everything, or next to nothing") {
  const auto full = decode_route(
      "{proxy: haproxy, host: [Shop.example.org, \"*.shop.example.org\"], path: /api/, port: 9000, tls: shop, "
      "timeout: 5m, drain: 10s, websocket_drain: 1h}");
  REQUIRE(full);
  Route route;
  route.hosts = {"shop.example.org", "*.shop.example.org"};
  route.path = "/api";
  route.port = 9000;
  route.tls = "shop";
  route.timeout = std::chrono::minutes(5);
  route.drain = std::chrono::seconds(10);
  route.websocket_drain = std::chrono::hours(1);
  CHECK(full->services[0].route == route);
  const auto least = decode_route("{}");
  REQUIRE(least);
  CHECK(least->services[0].route->port == 8080);
  CHECK(least->services[0].route->hosts.empty());
  CHECK(least->services[0].route->path == "/");
}

TEST_CASE("what a route can't be is said with its place") {
  CHECK(complaint("{host: \"shop example\"}") == "compose.yml:7:21: that is no host name");
  for (const char* host : {"-a.org", "a..org", "*", "a.*.org", "a:80", "\"http://a\"", "a}b", "\"${HOME}x\""}) {
    CAPTURE(host);
    CHECK_FALSE(complaint("{host: " + std::string(host) + "}").empty());
  }
  CHECK_THAT(complaint("{path: api}"), Catch::StartsWith("compose.yml:7:"));
  CHECK_THAT(complaint("{path: \"/a b\"}"), Catch::Contains("begins with '/'"));
  CHECK_THAT(complaint("{port: 0}"), Catch::Contains("compose.yml:7:21"));
  CHECK_THAT(complaint("{}", "expose: [\"80\", \"81\"]"), Catch::Contains("needs the container's `port`"));
  CHECK_THAT(complaint("{tls: shop}"), Catch::Contains("needs a `host`"));
  CHECK_THAT(complaint("{host: a.org, tls: shpo}"), Catch::Contains("no such certificate"));
  CHECK_THAT(complaint("{drain: 25h}"), Catch::Contains("`drain` is from"));
  CHECK_THAT(complaint("{timeout: 1ms}"), Catch::Contains("`timeout` is from"));
  CHECK_THAT(complaint("{proxy: nginx}"), Catch::Contains("`proxy`"));
  CHECK_THAT(complaint("{hots: a.org}"), Catch::Contains("hots"));
  CHECK_THAT(complaint("{port: 80}", "network_mode: none"), Catch::Contains("can't have a route"));
}

TEST_CASE("a certificate that the settings keep for some projects is not for the routes of others") {
  store::TemporaryStore store;
  ComposeText text;
  text.text = "name: shop\nservices: {web: {image: x, x-slipway: {route: {host: a.org, port: 80, tls: shop}}}}\n";
  ComposeRules rules;
  rules.certificates = {"shop", "wiki"};
  rules.certificate_projects["shop"] = {"shop", "tools"};
  const auto decoded_for = [&](const std::string& project) {
    const ProjectId id = store::add_project(store, project);
    const auto own = run_async(rules_of_project(*store.store, rules, id));
    REQUIRE(own);
    return decode_compose(text, *own);
  };
  CHECK(decoded_for("tools"));
  const auto foreign = decoded_for("thief");
  REQUIRE_FALSE(foreign);
  CHECK_THAT(foreign.error().message, Catch::Contains("this certificate is for other projects"));
  CHECK_FALSE(decode_compose(text, rules));
  rules.certificate_projects.clear();
  CHECK(decode_compose(text, rules));
  CHECK(decode_compose(text, accepted_once()));
}

TEST_CASE("two services can't be routed the same requests") {
  ComposeText text;
  text.text =
      "name: shop\nservices:\n"
      "  a: {image: x, x-slipway: {route: {host: [a.org, b.org], port: 80}}}\n"
      "  b: {image: x, x-slipway: {route: {host: b.org, port: 80}}}\n";
  const auto application = decode_compose(text, {});
  REQUIRE_FALSE(application);
  CHECK_THAT(application.error().message, Catch::Contains("`a` and `b`"));
}

TEST_CASE("old containers have the longest drain of an application's routes, and the usual one if it has none left") {
  Application application;
  CHECK(drain_time(application).requests == Route().drain);
  Service service;
  service.route = Route();
  service.route->drain = Milliseconds(5);
  service.route->websocket_drain = Milliseconds(50);
  application.services = {service, service};
  application.services[1].route->drain = Milliseconds(7);
  CHECK(drain_time(application).requests == Milliseconds(7));
  CHECK(drain_time(application).tunnels == Milliseconds(50));
}
