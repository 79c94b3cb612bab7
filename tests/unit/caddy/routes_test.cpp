#include "orchestrator/rollouts/caddy/routes.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

using namespace slipway;
using namespace slipway::rollouts;
using namespace slipway::rollouts::caddy;

namespace {

constexpr const char* own = R"([{"match":[{"host":["own.org"]}],"handle":[{"handler":"static_response"}]}])";

ProxyTable shop() {
  ProxyService web{"web", {}, {{"c1", "10.0.0.2", std::nullopt}, {"c0", "10.0.0.1", Time(Milliseconds(7))}}};
  web.route.hosts = {"shop.org"};
  web.route.port = 8080;
  ProxyService api = web;
  api.service = "api";
  api.route.path = "/api";
  ProxyService any{"any", {}, {{"c2", "10.0.0.3", std::nullopt}}};
  any.route.port = 80;
  ProxyTable table;
  REQUIRE(table.attach("shop", {web, api, any}, {}));
  return table;
}

Json routes_of(const ProxyTable& table, const std::string& before = own) {
  const auto text = with_table(before, table, "f1");
  REQUIRE(text);
  return *parse_json(*text);
}

}  // namespace

TEST_CASE("a table comes back from the routes that carry it, and other routes stay between ours") {
  const Json routes = routes_of(shop());
  REQUIRE(routes.size() == 5);
  CHECK(routes[0]["@id"] == "slipway-f1:shop:api:1");
  CHECK(routes[0]["match"][0]["path"] == Json({"/api", "/api/*"}));
  CHECK(routes[1]["match"][0] == Json({{"host", {"shop.org"}}}));
  CHECK(routes[2] == (*parse_json(own))[0]);
  CHECK_FALSE(routes[3].contains("match"));
  CHECK(routes[4]["@id"] == "slipway-f1");
  CHECK(table_in(routes.dump(), "f1") == shop());
  // Written again it is the same, and without a table all of ours is gone.
  CHECK(routes_of(shop(), routes.dump()) == routes);
  CHECK(routes_of(ProxyTable(), routes.dump()) == *parse_json(own));
}

TEST_CASE("a path that no route of a name's owner takes is 404 behind other routes, and not another's any host") {
  ProxyTable table = shop();
  ProxyService api{"web", {}, {{"c3", "10.0.0.4", std::nullopt}}};
  api.route.hosts = {"api.org"};
  api.route.path = "/v1";
  REQUIRE(table.attach("api", {api}, {}));
  const Json routes = routes_of(table);
  REQUIRE(routes.size() == 7);
  CHECK(routes[3] == (*parse_json(own))[0]);
  CHECK(routes[4]["match"] == Json::array({{{"host", {"api.org"}}}}));
  CHECK(routes[4]["handle"][0]["status_code"] == 404);
  CHECK_FALSE(routes[5].contains("match"));
  CHECK(table_in(routes.dump(), "f1") == table);
  CHECK(routes_of(table, routes.dump()) == routes);
  CHECK(routes_of(ProxyTable(), routes.dump()) == *parse_json(own));
}

TEST_CASE("what drains gets no requests but is still counted") {
  const Json routes = routes_of(shop());
  CHECK(routes[1]["handle"][0]["upstreams"] == Json::array({{{"dial", "10.0.0.2:8080"}}}));
  CHECK(routes[4]["match"] == Json::array({{{"not", Json::array({Json::object()})}}}));
  CHECK(routes[4]["handle"][0]["upstreams"][0]["dial"] == "10.0.0.1:8080");
  const char* upstreams =
      R"([{"address":"10.0.0.1:8080","num_requests":3,"fails":0},{"address":"10.0.0.2:8080","num_requests":9}])";
  CHECK(requests_at(upstreams, {"10.0.0.1:8080"}) == 3U);
  CHECK(requests_at("null", {"10.0.0.1:8080"}) == 0U);
  CHECK_FALSE(requests_at("{", {"10.0.0.1:8080"}));
}

TEST_CASE("a container of an earlier generation is asked at its own port, and counted there") {
  ProxyService web{"web", {}, {{"c1", "10.0.0.2", std::nullopt}}};
  web.route.port = 8080;
  ProxyTable table;
  REQUIRE(table.attach("shop", {web}, {}));
  web.route.port = 9090;
  web.servers[0] = {"c2", "10.0.0.3", std::nullopt};
  REQUIRE(table.attach("shop", {web}, {"c1", "c2"}));
  const Json beside = {{{"dial", "10.0.0.3:9090"}}, {{"dial", "10.0.0.2:8080"}}};
  CHECK(routes_of(table, "[]")[0]["handle"][0]["upstreams"] == beside);
  table.detach("shop", {"c1"}, Time(Milliseconds(7)));
  CHECK(routes_of(table, "[]")[1]["handle"][0]["upstreams"][0]["dial"] == "10.0.0.2:8080");
}

TEST_CASE("a server without routes is an empty table, one of another installation is a conflict") {
  CHECK(table_in("null", "f1") == ProxyTable());
  CHECK(table_in(own, "f1") == ProxyTable());
  CHECK_FALSE(table_in("{}", "f1"));
  const auto other = table_in(routes_of(shop()).dump(), "f2");
  REQUIRE_FALSE(other);
  CHECK(other.error().kind == Error::Kind::conflict);
}
