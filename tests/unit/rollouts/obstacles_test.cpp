#include "orchestrator/rollouts/obstacles.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/labels.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

const std::string shop_web = "shop-web-g2-1";

/// Generation 2 of a service that has port 8080 of its host, and a secret.
Target shop_on_8080() {
  Target target;
  target.application.name = "shop";
  target.application.services.resize(1);
  Service& web = target.application.services[0];
  web.name = "web";
  web.ports = {{"", "8080", 80, "tcp"}};
  web.secrets = {{"key", "/run/secrets/key", 0, 0, 0400}};
  Wanted wanted;
  wanted.name = shop_web;
  wanted.service = "web";
  target.wanted = {wanted};
  return target;
}

PlannedHost host_to_make_it() {
  PlannedHost host;
  host.create = {shop_web};
  return host;
}

PlannedHost host_to_start_it() {
  PlannedHost host;
  host.start = {shop_web};
  return host;
}

Shown left_as(const std::string& status) {
  Shown one;
  one.name = shop_web;
  one.status = status;
  return one;
}

docker::ContainerSummary wiki_with(const docker::PublishedPort& port) {
  docker::ContainerSummary one;
  one.name = "wiki-web-g1-1";
  one.labels = {{std::string(label::application), "wiki"}};
  one.ports = {port};
  return one;
}

}  // namespace

TEST_CASE("a port of the host that another application has is told, with whose it is, before anything is stopped") {
  const auto taken = check_host_ports(shop_on_8080(), host_to_make_it(), {wiki_with({80, "tcp", "0.0.0.0", "8080"})});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == Error::Kind::conflict);
  CHECK(taken.error().message ==
        "port 8080 of service 'web' is taken by container wiki-web-g1-1 of the application wiki");
  CHECK_FALSE(taken.error().hint.empty());
  CHECK_FALSE(check_host_ports(shop_on_8080(), host_to_start_it(), {wiki_with({80, "tcp", "127.0.0.1", "8080"})}));
  CHECK(check_host_ports(shop_on_8080(), host_to_make_it(), {wiki_with({80, "udp", "0.0.0.0", "8080"})}));
  CHECK(check_host_ports(shop_on_8080(), host_to_make_it(), {wiki_with({8080, "tcp", "0.0.0.0", "8081"})}));
  CHECK(check_host_ports(shop_on_8080(), host_to_make_it(), {wiki_with({8080, "tcp", "", ""})}));
  CHECK(check_host_ports(shop_on_8080(), PlannedHost(), {wiki_with({80, "tcp", "0.0.0.0", "8080"})}));
}

TEST_CASE("a secret that is lost is missed by containers that are to be made or were never started, and by no others") {
  Target target = shop_on_8080();
  CHECK(check_files(target, host_to_make_it(), {}));
  target.lost = {{"key", "no secret KEY"}};
  const auto made = check_files(target, host_to_make_it(), {});
  REQUIRE_FALSE(made);
  CHECK(made.error().kind == Error::Kind::not_found);
  CHECK(made.error().message == "container shop-web-g2-1 has to be made: no secret KEY");
  const auto fresh = check_files(target, host_to_start_it(), {left_as("created")});
  REQUIRE_FALSE(fresh);
  CHECK(fresh.error().message == "container shop-web-g2-1 was never started: no secret KEY");
  CHECK(check_files(target, host_to_start_it(), {left_as("exited")}));
  target.application.services[0].secrets.clear();
  CHECK(check_files(target, host_to_make_it(), {}));
}
