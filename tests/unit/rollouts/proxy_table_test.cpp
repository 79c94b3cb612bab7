#include "orchestrator/rollouts/proxy_table.hpp"

#include <algorithm>
#include <map>

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/proxy_rules.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

ProxyService web(std::vector<std::string> containers, std::string host = "shop.example.org") {
  ProxyService service{"web", {}, {}};
  service.route.hosts = {std::move(host)};
  service.route.port = 80;
  for (std::string& one : containers) service.servers.push_back({std::move(one), "10.0.0.2", std::nullopt});
  return service;
}

std::vector<std::string> ready(const ProxyTable& table) {
  std::vector<std::string> names;
  for (const ProxyService& service : table.services_of("shop")) {
    for (const ProxyServer& server : service.servers) {
      if (!server.draining) names.push_back(server.container);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("old containers go on to get requests until they are detached, and are forgotten once they do not run") {
  ProxyTable table;
  REQUIRE(table.attach("shop", {web({"one"})}, {"one"}));
  REQUIRE(table.attach("shop", {web({"two"})}, {"one", "two"}));
  CHECK(ready(table) == std::vector<std::string>{"two", "one"});
  table.detach("shop", {"one"}, Time(Milliseconds(100)));
  CHECK(ready(table) == std::vector<std::string>{"two"});
  CHECK(table.draining_since("shop", {"one", "two"}) == Time(Milliseconds(100)));
  REQUIRE(table.attach("shop", {web({"two"})}, {"two"}));
  CHECK(table.services_of("shop")[0].servers.size() == 1);
}

TEST_CASE(
    "where a route's port changes, old containers go on to get requests at the old one, on the way back as well") {
  const auto at = [](const std::string& container, std::uint16_t port) {
    ProxyService service = web({container});
    service.route.port = port;
    return service;
  };
  const auto ports = [](const ProxyTable& table) {
    std::map<std::string, int> found;
    const ProxyService& service = table.services_of("shop")[0];
    for (const ProxyServer& server : service.servers) found[server.container] = port_of(service, server);
    return found;
  };
  // One of before ports were kept: its servers have that of the route.
  auto table = ProxyTable::parse(
      R"({"version":1,"applications":{"shop":[{"service":"web","route":{"hosts":["shop.example.org"],"port":8080},
          "servers":[{"container":"one","address":"10.0.0.2","draining":null,"weight":100}]}]}})");
  REQUIRE(table);
  const std::map<std::string, int> both = {{"one", 8080}, {"two", 9090}};
  REQUIRE(table->attach("shop", {at("two", 9090)}, {"one", "two"}, 10));
  CHECK(ports(*table) == both);
  REQUIRE(table->attach("shop", {at("two", 9090)}, {"one", "two"}, 100));
  table->detach("shop", {"one"}, Time(Milliseconds(100)));
  CHECK(ports(*table) == both);
  CHECK(*ProxyTable::parse(table->dump()) == *table);
  REQUIRE(table->attach("shop", {at("one", 8080)}, {"one", "two"}));
  CHECK(ports(*table) == both);
}

TEST_CASE("a drain that is asked for again keeps its beginning, and attaching ends it") {
  ProxyTable table;
  REQUIRE(table.attach("shop", {web({"one"})}, {"one"}));
  table.detach("shop", {"one"}, Time(Milliseconds(100)));
  table.detach("shop", {"one"}, Time(Milliseconds(900)));
  CHECK(table.draining_since("shop", {"one"}) == Time(Milliseconds(100)));
  REQUIRE(table.attach("shop", {web({"one"})}, {"one"}));
  CHECK_FALSE(table.draining_since("shop", {"one"}));
}

TEST_CASE("old containers may take as long as the longest of the routes that they had and the present one") {
  const auto draining = [](const std::string& container, int requests, int tunnels) {
    ProxyService service = web({container});
    service.route.drain = Milliseconds(requests);
    service.route.websocket_drain = Milliseconds(tunnels);
    return service;
  };
  ProxyTable table;
  REQUIRE(table.attach("shop", {draining("one", 600, 10)}, {"one"}));
  // Its host is left, or the way back is to nothing, or the service is dropped.
  ProxyTable left = table;
  REQUIRE(left.attach("shop", {}, {"one"}));
  left.detach("shop", {"one"}, Time(Milliseconds(100)));
  CHECK(left.drain_time("shop", {"one"}) == DrainTime{Milliseconds(600), Milliseconds(10)});
  // A new version says otherwise.
  REQUIRE(table.attach("shop", {draining("two", 5, 70)}, {"one", "two"}, 10));
  REQUIRE(table.attach("shop", {draining("two", 5, 70)}, {"one", "two"}, 100));
  CHECK(table.drain_time("shop", {"one"}) == DrainTime{Milliseconds(600), Milliseconds(70)});
  CHECK(table.drain_time("shop", {"two"}) == DrainTime{Milliseconds(5), Milliseconds(70)});
  CHECK(table.drain_time("shop", {"three"}) == DrainTime());
  CHECK(*ProxyTable::parse(table.dump()) == table);
  // Going back the old one has its own route again, and the new one the longer of both.
  REQUIRE(table.attach("shop", {draining("one", 600, 10)}, {"one", "two"}));
  CHECK(table.drain_time("shop", {"one"}) == DrainTime{Milliseconds(600), Milliseconds(10)});
  CHECK(table.drain_time("shop", {"two"}) == DrainTime{Milliseconds(600), Milliseconds(70)});
}

TEST_CASE("a container that is renamed keeps its name in the proxy, and one that comes under the former gets another") {
  const auto names = [](const ProxyTable& table) {
    std::map<std::string, std::string> found;
    for (const ProxyServer& server : table.services_of("shop")[0].servers) {
      found[server.container] = name_in_proxy(server);
    }
    return found;
  };
  ProxyTable table;
  REQUIRE(table.attach("shop", {web({"one"})}, {"one"}));
  table.rename("shop", "one", "one-drifted-7");
  table.rename("shop", "one", "one-drifted-7");
  CHECK(ready(table) == std::vector<std::string>{"one-drifted-7"});
  for (int again = 0; again < 2; ++again) {
    REQUIRE(table.attach("shop", {web({"one"})}, {"one", "one-drifted-7"}));
    CHECK(names(table) == std::map<std::string, std::string>{{"one", "one.2"}, {"one-drifted-7", "one"}});
  }
  table.detach("shop", {"one-drifted-7"}, Time(Milliseconds(100)));
  CHECK(table.draining_since("shop", {"one-drifted-7"}));
  CHECK(table.names_in_proxy("shop", {"one-drifted-7"}) == std::vector<std::string>{"one"});
  CHECK(*ProxyTable::parse(table.dump()) == table);
  // Set aside once more while the first still drains.
  table.rename("shop", "one", "one-drifted-9");
  REQUIRE(table.attach("shop", {web({"one"})}, {"one", "one-drifted-7", "one-drifted-9"}));
  CHECK(names(table)["one"] == "one.3");
  CHECK(names(table)["one-drifted-9"] == "one.2");
  REQUIRE(table.attach("shop", {web({"two"})}, {"one", "two"}));
  CHECK(names(table) == std::map<std::string, std::string>{{"two", "two"}, {"one", "one.3"}});
}

TEST_CASE("a service that lost its route keeps it until its containers are detached") {
  ProxyTable table;
  REQUIRE(table.attach("shop", {web({"one"})}, {"one"}));
  REQUIRE(table.attach("shop", {}, {"one"}));
  CHECK(ready(table) == std::vector<std::string>{"one"});
  table.detach("shop", {"one"}, Time(Milliseconds(100)));
  REQUIRE(table.attach("shop", {}, {"one"}));
  CHECK(table.applications().empty());
}

TEST_CASE("a container that somebody renamed goes on to get requests, and drains under the name that it has now") {
  const auto with_id = [](const std::string& id) {
    ProxyService service = web({"one"});
    service.servers[0].id = id;
    return service;
  };
  const auto server = [](const ProxyTable& table, std::size_t i) { return table.services_of("shop")[0].servers.at(i); };
  ProxyTable table;
  REQUIRE(table.attach("shop", {web({"one"})}, {"one"}));
  table.follow_names("shop", {{"one", "id-1"}});
  CHECK(server(table, 0).id == "id-1");
  table.follow_names("shop", {{"mine", "id-1"}});
  CHECK(server(table, 0).container == "mine");
  CHECK(name_in_proxy(server(table, 0)) == "one");
  REQUIRE(table.attach("shop", {with_id("id-2")}, {"mine", "one"}));
  CHECK(name_in_proxy(server(table, 0)) == "one.2");
  CHECK(server(table, 1).container == "mine");
  table.detach("shop", {"mine"}, Time(Milliseconds(5)));
  CHECK(table.draining_since("shop", {"mine"}));
  CHECK_FALSE(table.draining_since("shop", {"one"}));
  const auto again = ProxyTable::parse(table.dump());
  REQUIRE(again);
  CHECK(*again == table);
  table.follow_names("shop", {{"one", "id-3"}});
  CHECK(server(table, 0).id == "id-3");
  CHECK(server(table, 1).container == "mine");
}

TEST_CASE("a host name belongs to the application that had it first") {
  ProxyTable table;
  REQUIRE(table.attach("shop", {web({"one"})}, {"one"}));
  ProxyService other = web({"x"});
  other.route.path = "/login";
  const auto taken = table.attach("thief", {other}, {"x"});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == Error::Kind::conflict);
  CHECK_THAT(taken.error().message, Catch::Contains("shop.example.org") && Catch::Contains("application shop"));
  CHECK(table.applications().size() == 1);
  CHECK(table.may_route("thief", {other.route}).error().message == taken.error().message);
  CHECK(table.may_route("shop", {other.route}));
  CHECK(table.attach("honest", {web({"x"}, "honest.example.org")}, {"x"}));
}

TEST_CASE("a name within another application's wildcard is taken, and so is a wildcard over another's name") {
  ProxyTable table;
  REQUIRE(table.attach("shop", {web({"s"}, "*.shop.example.org")}, {}));
  REQUIRE(table.attach("wiki", {web({"w"}, "www.wiki.example.org")}, {}));
  for (const char* taken : {"login.shop.example.org", "a.b.shop.example.org", "*.a.shop.example.org",
                            "*.wiki.example.org", "*.example.org"}) {
    CAPTURE(taken);
    CHECK(table.attach("thief", {web({"t"}, taken)}, {}).error().kind == Error::Kind::conflict);
  }
  CHECK(table.attach("thief", {web({"t"}, "login.shop.example.org")}, {}).error().message ==
        "host name login.shop.example.org is routed to application shop already, by *.shop.example.org");
  CHECK(table.attach("main", {web({"m"}, "shop.example.org")}, {}));
  ProxyService rest = web({"r"});
  rest.route.hosts.clear();
  CHECK(table.attach("rest", {rest}, {}));
  CHECK(table.attach("shop", {web({"s"}, "*.shop.example.org"), web({"l"}, "login.shop.example.org")}, {}));
}

TEST_CASE("what no route of a name's owner takes is not for another application's any host") {
  ProxyTable table;
  const auto below = [](std::string host, std::string path) {
    ProxyService service = web({"c"}, std::move(host));
    service.route.path = std::move(path);
    service.service += service.route.hosts[0] + service.route.path;
    return service;
  };
  ProxyService any = web({"a"});
  any.route.hosts.clear();
  REQUIRE(table.attach("shop",
                       {below("api.org", "/v1"), below("api.org", "/v1/old"), below("shop.org", "/"),
                        below("shop.org", "/api"), below("*.api.org", "/v1")},
                       {}));
  CHECK(closed_hosts(rules_of(table)).empty());
  REQUIRE(table.attach("rest", {any, below("rest.org", "/x")}, {}));
  CHECK(closed_hosts(rules_of(table)) == std::vector<std::string>{"api.org", "*.api.org"});
}

TEST_CASE("a route that was dropped is forgotten with its last container, and its name is free for others") {
  ProxyTable table;
  ProxyService api{"api", {}, {{"api-1", "10.0.0.3", std::nullopt}}};
  api.route.hosts = {"api.example.org"};
  REQUIRE(table.attach("shop", {web({"one"}), api}, {}));
  REQUIRE(table.attach("shop", {web({"two"})}, {"one", "two", "api-1"}));
  table.detach("shop", {"one", "api-1"}, Time(Milliseconds(100)));
  api.servers = {{"other-1", "10.0.0.4", std::nullopt}};
  CHECK_FALSE(table.attach("other", {api}, {}));
  table.forget("shop", {"web"}, {"one", "two", "api-1"});
  CHECK(table.services_of("shop").size() == 2);
  table.forget("shop", {"web"}, {"two"});
  REQUIRE(table.services_of("shop").size() == 1);
  CHECK(table.services_of("shop")[0].service == "web");
  CHECK(table.attach("other", {api}, {}));
  // A service that has a route keeps it while none of its containers runs.
  table.forget("shop", {"web"}, {});
  CHECK(table.services_of("shop").size() == 1);
  table.forget("shop", {}, {});
  CHECK_FALSE(table.applications().contains("shop"));
}

TEST_CASE("of services with the same route the one that serves comes first, however many rules there are") {
  ProxyTable::Services services;
  std::vector<std::string> running;
  for (int i = 0; i < 20; ++i) {
    ProxyService one = web({"c" + std::to_string(i)});
    one.service = "s" + std::to_string(i);
    one.route.path = "/p" + std::to_string(i % 10);
    if (i < 10) one.route.hosts = {"www.example.org"};
    running.push_back(one.servers[0].container);
    services.push_back(std::move(one));
  }
  ProxyTable table;
  REQUIRE(table.attach("shop", services, running));
  for (ProxyService& one : services) {
    one.service = "renamed-" + one.service;
    one.servers[0].container = "new-" + one.servers[0].container;
  }
  const std::vector<std::string> old = running;
  for (const ProxyService& one : services) running.push_back(one.servers[0].container);
  REQUIRE(table.attach("shop", services, running));
  const auto newest_first = [&] {
    const auto rules = rules_of(table);
    REQUIRE(rules.size() == 40);
    for (std::size_t i = 0; i < rules.size(); i += 2) {
      CHECK(rules[i].host == rules[i + 1].host);
      CHECK(rules[i].path == rules[i + 1].path);
      CHECK(rules[i].service == "renamed-" + rules[i + 1].service);
    }
  };
  newest_first();
  table.detach("shop", old, Time(Milliseconds(100)));
  newest_first();
  // Going back, the old ones have the route again.
  std::vector<std::string> fresh(running.begin() + 20, running.end());
  ProxyTable::Services before;
  for (const ProxyService& one : table.services_of("shop")) {
    if (!one.service.starts_with("renamed-")) before.push_back(one);
  }
  for (ProxyService& one : before) one.servers[0].draining.reset();
  REQUIRE(table.attach("shop", before, running));
  table.detach("shop", fresh, Time(Milliseconds(200)));
  const auto rules = rules_of(table);
  REQUIRE(rules.size() == 40);
  for (std::size_t i = 0; i < rules.size(); i += 2) CHECK(rules[i].serves);
}

TEST_CASE("a table is read back as it was written") {
  ProxyTable table;
  REQUIRE(table.attach("shop", {web({"one", "two"})}, {}));
  table.detach("shop", {"two"}, Time(Milliseconds(123456)));
  REQUIRE(table.attach("wiki", {web({"w"}, "*.wiki.example.org")}, {}));
  const auto again = ProxyTable::parse(table.dump());
  REQUIRE(again);
  CHECK(*again == table);
  CHECK_FALSE(ProxyTable::parse("{\"version\":2}"));
  CHECK_FALSE(ProxyTable::parse("{"));
}

TEST_CASE("weights give new servers their percentage whatever the numbers of old and new are") {
  struct Row {
    std::vector<std::string> fresh, old;
    unsigned percent;
    double expected;  ///< part of the requests that all new ones get
  };
  const auto row =
      GENERATE(Row{{"n"}, {"o"}, 10, 0.1}, Row{{"n"}, {"o"}, 50, 0.5}, Row{{"n", "m"}, {"o"}, 25, 0.25},
               Row{{"n"}, {"o", "p", "q"}, 1, 0.01}, Row{{"n"}, {"o", "p"}, 100, 1.0 / 3}, Row{{"n"}, {}, 10, 1.0});
  ProxyTable table;
  std::vector<std::string> all = row.old;
  all.insert(all.end(), row.fresh.begin(), row.fresh.end());
  if (!row.old.empty()) REQUIRE(table.attach("shop", {web(row.old)}, all));
  REQUIRE(table.attach("shop", {web(row.fresh)}, all, row.percent));
  double sum = 0;
  double fresh = 0;
  for (const ProxyServer& server : table.services_of("shop")[0].servers) {
    CHECK(server.weight >= 1);
    CHECK(server.weight <= 256);
    sum += server.weight;
    if (std::find(row.fresh.begin(), row.fresh.end(), server.container) != row.fresh.end()) fresh += server.weight;
  }
  CHECK(fresh / sum == Approx(row.expected).epsilon(0.05));
  CHECK(*ProxyTable::parse(table.dump()) == table);
}
