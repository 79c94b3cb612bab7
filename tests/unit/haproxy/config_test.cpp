#include "orchestrator/rollouts/haproxy/config.hpp"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "base/files.hpp"

using namespace slipway;
using namespace slipway::rollouts;
using namespace slipway::rollouts::haproxy;

namespace {

const std::string folder = "tests/unit/haproxy/testdata/";

Route route(std::vector<std::string> hosts, std::string path, std::string tls = {}) {
  Route route;
  route.hosts = std::move(hosts);
  route.path = std::move(path);
  route.port = 8080;
  route.tls = std::move(tls);
  return route;
}

ProxyService service(std::string name, Route way, std::vector<std::string> containers) {
  ProxyService service{std::move(name), std::move(way), {}};
  int last = 2;
  for (std::string& one : containers) {
    service.servers.push_back({std::move(one), "172.18.0." + std::to_string(last++), std::nullopt});
  }
  return service;
}

ProxyTable table_of(const std::string& application, ProxyTable::Services services) {
  ProxyTable table;
  REQUIRE(table.attach(application, services, {}));
  return table;
}

ProxyTable shop() {
  ProxyTable table = table_of("shop", {service("web", route({"shop.example.org"}, "/", "shop"), {"shop-web-g2-1"}),
                                       service("api", route({"shop.example.org"}, "/api"), {"shop-api-g1-1"})});
  REQUIRE(table.attach("wiki", {service("web", route({"*.wiki.example.org"}, "/"), {"wiki-web-g1-1"})}, {}));
  REQUIRE(table.attach("rest", {service("web", route({}, "/"), {"rest-web-g1-1", "rest-web-g1-2"})}, {}));
  return table;
}

bool refused(const ProxyTable& table) {
  const auto config = render(table, {}, {});
  return !config && config.error().kind == Error::Kind::invalid;
}

}  // namespace

TEST_CASE("a table becomes the configuration as recorded, the most exact rule first") {
  ProxyTable table = shop();
  table.detach("rest", {"rest-web-g1-2"}, Time(Milliseconds(5)));
  const auto config = render(table, {}, {{"shop", "hash"}});
  REQUIRE(config);
  const std::string golden = folder + "shop.cfg";
  if (std::getenv("SLIPWAY_WRITE_GOLDEN") != nullptr) REQUIRE(write_file(golden, config->text));
  CHECK(config->text == *read_file(golden));
}

TEST_CASE("a path that no route of a name's owner takes is 404, and not another application's any host") {
  ProxyTable table = table_of("rest", {service("web", route({}, "/"), {"rest-web-g1-1"})});
  REQUIRE(table.attach("api", {service("web", route({"api.example.org"}, "/v1"), {"api-web-g1-1"})}, {}));
  const auto config = render(table, {}, {});
  REQUIRE(config);
  const std::string host = "{ req.hdr(host),field(1,:),lower -m str api.example.org }";
  CHECK_THAT(config->text, Catch::Contains("  use_backend api:web if " + host +
                                           " { path,concat(/) -m beg /v1/ }\n"
                                           "  use_backend nowhere if " +
                                           host +
                                           "\n"
                                           "  use_backend rest:web:tunnels if upgrade\n"
                                           "  use_backend rest:web\n"));
}

TEST_CASE("servers that come, go and drain leave the structure as it is; a rule or a renewed certificate does not") {
  const auto base = render(shop(), {}, {{"shop", "hash"}});
  ProxyTable other = shop();
  REQUIRE(
      other.attach("wiki", {service("web", route({"*.wiki.example.org"}, "/"), {"wiki-web-g2-1"})}, {"wiki-web-g1-1"}));
  other.detach("wiki", {"wiki-web-g1-1"}, Time(Milliseconds(5)));
  CHECK(render(other, {}, {{"shop", "hash"}})->structure == base->structure);
  CHECK(render(other, {}, {{"shop", "hash"}})->text != base->text);
  CHECK(render(shop(), {}, {{"shop", "renewed"}})->structure != base->structure);
  REQUIRE(other.attach("wiki", {service("web", route({"wiki.example.org"}, "/"), {"wiki-web-g2-1"})}, {}));
  CHECK(render(other, {}, {{"shop", "hash"}})->structure != base->structure);
  ProxySettings settings;
  settings.http_port = 8080;
  CHECK(render(shop(), settings, {{"shop", "hash"}})->structure != base->structure);
  Route moved = route({"*.wiki.example.org"}, "/");
  moved.port = 9090;
  ProxyTable port = shop();
  REQUIRE(port.attach("wiki", {service("web", moved, {"wiki-web-g1-1"})}, {}));
  CHECK(render(port, {}, {{"shop", "hash"}})->structure != base->structure);
}

TEST_CASE("a server of an earlier generation keeps the port that it has") {
  ProxyTable table = table_of("shop", {service("web", route({}, "/"), {"old"})});
  Route moved = route({}, "/");
  moved.port = 9090;
  REQUIRE(table.attach("shop", {service("web", moved, {"new"})}, {"old", "new"}));
  const auto config = render(table, {}, {});
  REQUIRE(config);
  CHECK_THAT(config->text,
             Catch::Contains("server new 172.18.0.2:9090 ") && Catch::Contains("server old 172.18.0.2:8080 "));
}

TEST_CASE("nothing that HAProxy would read as something else gets into the configuration") {
  const std::vector<std::string> evil = {"a b", "a\nfrontend x", "a}",  "a{",  "a\"",     "a'", "a\\",
                                         "a#b", "${HOME}",       "a,b", "a;b", "a%[src]", "\t", std::string(1, '\0')};
  for (const std::string& text : evil) {
    CAPTURE(text);
    CHECK(refused(table_of(text, {service("web", route({}, "/"), {"c"})})));
    CHECK(refused(table_of("shop", {service(text, route({}, "/"), {"c"})})));
    CHECK(refused(table_of("shop", {service("web", route({text}, "/"), {"c"})})));
    CHECK(refused(table_of("shop", {service("web", route({}, "/" + text), {"c"})})));
    CHECK(refused(table_of("shop", {service("web", route({}, "/", text), {"c"})})));
    CHECK(refused(table_of("shop", {service("web", route({}, "/"), {text})})));
    ProxyService address = service("web", route({}, "/"), {"c"});
    address.servers[0].address = text;
    CHECK(refused(table_of("shop", {address})));
    ProxyService known = service("web", route({}, "/"), {"c"});
    known.servers[0].known_as = text;
    CHECK(refused(table_of("shop", {known})));
  }
}

TEST_CASE("a certificate that the settings do not have is named") {
  const auto config = render(shop(), {}, {});
  REQUIRE_FALSE(config);
  CHECK(config.error().kind == Error::Kind::not_found);
  CHECK_THAT(config.error().message, Catch::Contains("'shop'"));
}
