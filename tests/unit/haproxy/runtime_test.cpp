#include "orchestrator/rollouts/haproxy/runtime.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;
using namespace slipway::rollouts::haproxy;

namespace {

// As HAProxy 2.6.12 answers.
constexpr const char* show_proc = R"(#<PID>          <type>          <reloads>       <uptime>        <version>      
28989           master          2 [failed: 0]   0d00h00m23s     2.6.12-1+deb12u4
# workers
29353           worker          0               0d00h00m01s     2.6.12-1+deb12u4
# old workers
28992           worker          2               0d00h00m23s     2.6.12-1+deb12u4
29100           worker          1               0d00h00m20s     2.6.12-1+deb12u4
# programs

)";

constexpr const char* show_stat = R"(# pxname,svname,qcur,qmax,scur,smax,slim,stot,
shop:web,shop-web-g1-1,1,0,3,1,,9,
shop:web,shop-web-g2-1,0,0,7,1,,9,
shop:web:tunnels,shop-web-g1-1,0,0,2,1,,9,
shop:tunnels,shop-tunnels-g1-1,0,0,5,1,,9,
shopping:web,shop-web-g1-1,0,0,100,1,,9,

)";

}  // namespace

TEST_CASE("workers of before a reload are known by their pids") {
  const Workers workers = parse_workers(show_proc);
  CHECK(workers.current == 29353);
  CHECK(workers.all() == std::vector<std::int64_t>{29353, 28992, 29100});
  CHECK(parse_workers("").all().empty());
}

TEST_CASE("what is in flight is counted for the containers asked for, tunnels apart") {
  InFlight sum;
  REQUIRE(add_in_flight(show_stat, "shop", {"shop-web-g1-1"}, sum));
  CHECK(sum.requests == 4);
  CHECK(sum.tunnels == 2);
  REQUIRE(add_in_flight(show_stat, "shop", {"shop-tunnels-g1-1"}, sum));
  CHECK(sum.requests == 9);
  CHECK(sum.tunnels == 2);
  CHECK_FALSE(add_in_flight("# pxname,svname,odd\n", "shop", {}, sum));
  CHECK_FALSE(add_in_flight("", "shop", {}, sum));
}

TEST_CASE("a worker gets new servers before old ones drain, and hears the same again without harm") {
  ProxyService service{"web", {}, {{"old", "10.0.0.2", Time()}, {"new", "10.0.0.3", std::nullopt}}};
  service.route.port = 8080;
  const auto commands = commands_for("shop", {service});
  REQUIRE(commands.size() == 10);
  CHECK(commands[0].text == "add server shop:web/new 10.0.0.3:8080");
  CHECK(commands[1].text == "set server shop:web/new addr 10.0.0.3 port 8080");
  CHECK(commands[2].text == "set server shop:web/new weight 100");
  CHECK(commands[3].text == "set server shop:web/new state ready");
  CHECK(commands[4].text == "set server shop:web/old state drain");
  CHECK(commands[5].text == "add server shop:web:tunnels/new 10.0.0.3:8080");
  CHECK(is_success(commands[0], "New server registered.\n\n"));
  CHECK(is_success(commands[0], "Already exists a server with the same name in backend.\n"));
  CHECK(is_success(commands[1], "nothing changed\n\n"));  // 3.0
  CHECK(
      is_success(commands[1], "no need to change the addr, port changed from '1' to '2' by 'stats socket command'\n"));
  CHECK(is_success(commands[2], "\n"));
  CHECK(is_success(commands[3], "No such server.\n"));
  CHECK_FALSE(is_success(commands[0], "Permission denied\n"));
  CHECK_FALSE(is_success(commands[3], "Unknown command\n"));
}

TEST_CASE("a worker hears of a container that was renamed by the name that it knows") {
  ProxyService service{"web", {}, {{"c-drifted-7", "10.0.0.2", Time()}, {"c", "10.0.0.3", std::nullopt}}};
  service.route.port = 8080;
  service.servers[0].known_as = "c";
  service.servers[1].known_as = "c.2";
  const auto commands = commands_for("shop", {service});
  REQUIRE(commands.size() == 10);
  CHECK(commands[0].text == "add server shop:web/c.2 10.0.0.3:8080");
  CHECK(commands[3].text == "set server shop:web/c.2 state ready");
  CHECK(commands[4].text == "set server shop:web/c state drain");
}

TEST_CASE("what a worker has and the table has not is taken out, of that application only") {
  ProxyService service{"web", {}, {{"shop-web-g2-1", "10.0.0.3", std::nullopt}}};
  const auto found = removals(show_stat, "shop", {service});
  REQUIRE(found);
  std::vector<std::string> texts;
  for (const Command& command : *found) texts.push_back(command.text);
  CHECK(texts ==
        std::vector<std::string>{
            "set server shop:web/shop-web-g1-1 state maint", "del server shop:web/shop-web-g1-1",
            "set server shop:web:tunnels/shop-web-g1-1 state maint", "del server shop:web:tunnels/shop-web-g1-1",
            "set server shop:tunnels/shop-tunnels-g1-1 state maint", "del server shop:tunnels/shop-tunnels-g1-1"});
  CHECK(is_success((*found)[1], "Server deleted.\n"));
  CHECK(is_success((*found)[1], "Server still has connections attached to it, cannot remove it.\n"));
  service.servers = {{"c-drifted-7", "10.0.0.2", Time()}, {"shop-web-g2-1", "10.0.0.3", std::nullopt}};
  service.servers[0].known_as = "shop-web-g1-1";
  ProxyService tunnels{"tunnels", {}, {{"shop-tunnels-g1-1", "10.0.0.4", std::nullopt}}};
  CHECK(removals(show_stat, "shop", {service, tunnels})->empty());
  CHECK_FALSE(removals("", "shop", {}));
}

TEST_CASE("a worker hears of each server's own port") {
  ProxyService service{"web", {}, {{"new", "10.0.0.3", std::nullopt}, {"old", "10.0.0.2", std::nullopt}}};
  service.route.port = 9090;
  service.servers[1].port = 8080;
  const auto commands = commands_for("shop", {service});
  REQUIRE(commands.size() == 16);
  CHECK(commands[0].text == "add server shop:web/new 10.0.0.3:9090");
  CHECK(commands[4].text == "add server shop:web/old 10.0.0.2:8080");
  CHECK(commands[5].text == "set server shop:web/old addr 10.0.0.2 port 8080");
}
