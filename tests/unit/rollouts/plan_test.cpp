#include "orchestrator/rollouts/plan.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/behind.hpp"
#include "orchestrator/rollouts/journal.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

Wanted wanted(const std::string& service, std::int64_t generation, std::size_t replica = 1) {
  Wanted one;
  one.service = service;
  one.generation = generation;
  one.replica = replica;
  one.name = container_name("shop", service, generation, replica);
  one.spec_hash = service + std::to_string(generation);
  return one;
}

Shown shown(const std::string& service, std::int64_t generation, bool running = true) {
  const Wanted like = wanted(service, generation);
  Shown one;
  one.id = one.name = like.name;
  one.service = service;
  one.generation = generation;
  one.replica = 1;
  one.spec_hash = like.spec_hash;
  one.running = running;
  return one;
}

/// Three hosts that serve generation 1 of a service 'web'; generation 2 is wanted.
PlanInput three_hosts() {
  PlanInput input;
  input.application.name = "shop";
  input.application.services.resize(1);
  input.application.services[0].name = "web";
  input.wanted = {wanted("web", 2)};
  input.previous = {wanted("web", 1)};
  for (const char* name : {"h1", "h2", "h3"}) input.hosts.push_back({name, true, {shown("web", 1)}});
  return input;
}

std::vector<std::string> names(const std::vector<PlannedHost>& hosts) {
  std::vector<std::string> found;
  for (const auto& host : hosts) found.push_back(host.host);
  return found;
}

}  // namespace

TEST_CASE("by default hosts are taken one by one, start-first, and the plan says what happens on each") {
  const auto plan = make_plan(three_hosts());
  REQUIRE(plan);
  CHECK(plan->batches == std::vector<std::vector<std::string>>{{"h1"}, {"h2"}, {"h3"}});
  CHECK(plan->pace.order == Order::start_first);
  CHECK(plan->pace.min_healthy == 1);
  CHECK(plan->hosts[0].create == std::vector<std::string>{"shop-web-g2-1"});
  CHECK(plan->hosts[0].stop == std::vector<std::string>{"shop-web-g1-1"});
  CHECK(plan->notes.empty());
}

TEST_CASE("stopping may take as long as the slower of the new and the promoted generation") {
  PlanInput input = three_hosts();
  const auto with = [&](std::optional<Milliseconds> fresh, std::optional<Milliseconds> before) {
    input.previous_application = input.application;
    input.application.services[0].stop_grace_period = fresh;
    input.previous_application.services[0].stop_grace_period = before;
    return make_plan(input)->pace.stop_deadline;
  };
  const Milliseconds usual = with({}, {});
  CHECK(with({}, Milliseconds(610'000)) == usual + Milliseconds(600'000));
  CHECK(with(Milliseconds(610'000), {}) == usual + Milliseconds(600'000));
  input.previous_application = {};
  CHECK(make_plan(input)->pace.stop_deadline == usual + Milliseconds(600'000));
}

TEST_CASE("draining may take as long as the longest of the generations whose containers are stopped") {
  PlanInput input = three_hosts();
  const Milliseconds usual = make_plan(input)->pace.stop_deadline;
  // A host that was out of reach while two generations were promoted, or where a first rollout went back.
  Application before = input.application;
  before.services[0].route = Route();
  before.services[0].route->drain = Milliseconds(600'000);
  input.older = {before};
  CHECK(make_plan(input)->pace.stop_deadline == usual - Route().websocket_drain + Milliseconds(600'000));
}

TEST_CASE("hosts that do not serve come first, hosts that do not answer last") {
  PlanInput input = three_hosts();
  input.hosts[0].reachable = false;
  input.hosts[2].containers[0].health = Health::unhealthy;
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(names(plan->hosts) == std::vector<std::string>{"h3", "h2", "h1"});
  CHECK(plan->batches == std::vector<std::vector<std::string>>{{"h3"}, {"h2"}});
  REQUIRE(plan->notes.size() == 1);
  CHECK(plan->notes[0].starts_with("host h1 does not answer"));
}

TEST_CASE("a host that the new generation is not for comes last, gets nothing and loses what it has") {
  PlanInput input = three_hosts();
  input.hosts[0].leaves = true;
  input.hosts[1].reachable = false;
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(names(plan->hosts) == std::vector<std::string>{"h3", "h2", "h1"});
  CHECK(plan->hosts[2].create.empty());
  CHECK(plan->hosts[2].stop == std::vector<std::string>{"shop-web-g1-1"});
  CHECK(plan->notes[0] == "host h1 is none of its targets any more: its containers are stopped");
}

TEST_CASE("a host that the settings do not have any more is told of with what it may serve, and waited for by nobody") {
  PlanInput input = three_hosts();
  input.hosts[0].leaves = true;
  input.hosts[0].reachable = false;
  input.hosts[0].containers.clear();
  input.hosts[0].gone = why_gone(1);
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(plan->batches == std::vector<std::vector<std::string>>{{"h2"}, {"h3"}});
  CHECK(plan->notes ==
        std::vector<std::string>{"host h1, on which the application was: the daemon's settings do not have "
                                 "it any more, and it may serve generation 1 still"});
  const Progress first = first_progress(*plan);
  CHECK(first.hosts[2].host == "h1");
  CHECK(first.hosts[2].lost);
  CHECK(first.hosts[2].reason == why_gone(1));
  CHECK(parse_plan(dump_plan(*plan))->hosts[2].gone == why_gone(1));
  CHECK(why_gone(0) == "the daemon's settings do not have it any more, and what it serves is not known");
}

TEST_CASE("hosts that the new generation is not for count neither for min_healthy nor for shares and steps") {
  PlanInput input = three_hosts();
  input.hosts[0].leaves = input.hosts[1].leaves = true;
  const auto usual = make_plan(input);
  REQUIRE(usual);
  CHECK(usual->pace.min_healthy == 0);
  CHECK(usual->batches == std::vector<std::vector<std::string>>{{"h3"}, {"h1"}, {"h2"}});
  input.application.policy.min_healthy = Share{2, false};
  CHECK_FALSE(make_plan(input));
  input.hosts[0].leaves = false;
  CHECK(make_plan(input)->pace.min_healthy == 2);
  input.application.policy.batch = Share{75, true};
  CHECK(make_plan(input)->pace.batch_size == 1);
}

TEST_CASE("hosts are left in a batch of their own, however many are taken at once") {
  PlanInput input = three_hosts();
  input.hosts[1].leaves = true;
  input.application.policy.batch = Share{0, false};
  const std::vector<std::vector<std::string>> batches{{"h1", "h3"}, {"h2"}};
  CHECK(make_plan(input)->batches == batches);
  input.application.policy.strategy = Strategy::blue_green;
  CHECK(make_plan(input)->batches == batches);
  const auto first = first_progress(*make_plan(input));
  CHECK_FALSE(first.hosts[0].leaves);
  CHECK(first.hosts[2].leaves);
}

TEST_CASE("a fixed host port that the old container holds forces stop-first, and the plan says so") {
  PlanInput input = three_hosts();
  input.application.policy.order = Order::start_first;
  input.application.services[0].ports = {{"", "8080", 80, "tcp"}};
  for (auto& host : input.hosts) host.containers[0].host_ports = {8080};
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(plan->pace.order == Order::stop_first);
  REQUIRE(plan->notes.size() == 1);
  CHECK(plan->notes[0].starts_with(
      "service 'web' stops before it starts, since the host's port 8080 is taken by the old container"));
}

TEST_CASE("a container that crashes again and again holds the fixed ports of its file, though none is told") {
  PlanInput input = three_hosts();
  input.application.services[0].ports = {{"", "8080", 80, "tcp"}};
  input.previous_application = input.application;
  for (auto& host : input.hosts) host.containers[0].status = "restarting";
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(plan->pace.order == Order::stop_first);
  CHECK_THAT(plan->notes[0], Catch::Contains("port 8080 is taken by the old container"));
  input.previous_application.services[0].ports[0].published = "9090";
  CHECK(make_plan(input)->pace.order == Order::start_first);
}

TEST_CASE("a fixed port on a host where nothing runs yet forces nothing") {
  PlanInput input = three_hosts();
  input.application.services[0].ports = {{"", "8080", 80, "tcp"}};
  input.previous.clear();
  for (auto& host : input.hosts) host.containers.clear();
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(plan->pace.order == Order::start_first);
  CHECK_FALSE(plan->pace.has_previous);
}

TEST_CASE("a port that the Engine chooses forces nothing") {
  PlanInput input = three_hosts();
  input.application.services[0].ports = {{"", "", 80, "tcp"}};
  for (auto& host : input.hosts) host.containers[0].host_ports = {32768};
  CHECK(make_plan(input)->pace.order == Order::start_first);
}

TEST_CASE("a writable named volume forces stop-first for one replica") {
  PlanInput input = three_hosts();
  VolumeMount mount;
  mount.source = "data";
  mount.target = "/data";
  for (auto& host : input.hosts) host.containers[0].writes = {"data"};
  SECTION("one replica writes") {
    input.application.services[0].volumes = {mount};
    const auto plan = make_plan(input);
    CHECK(plan->pace.order == Order::stop_first);
    CHECK(plan->notes[0].find("volume 'data'") != std::string::npos);
  }
  SECTION("read-only") {
    mount.read_only = true;
    input.application.services[0].volumes = {mount};
    CHECK(make_plan(input)->pace.order == Order::start_first);
  }
  SECTION("anonymous") {
    mount.source.clear();
    input.application.services[0].volumes = {mount};
    CHECK(make_plan(input)->pace.order == Order::start_first);
  }
  SECTION("anonymous, and the old container has it") {
    mount.source.clear();
    input.application.services[0].volumes = {mount};
    for (auto& host : input.hosts) host.containers[0].anonymous = {{std::string(64, 'a'), "/data"}};
    const auto plan = make_plan(input);
    CHECK(plan->pace.order == Order::stop_first);
    CHECK(plan->notes[0].find("/data") != std::string::npos);
    input.application.services[0].renew_volumes = true;
    CHECK(make_plan(input)->pace.order == Order::start_first);
  }
  SECTION("the old container does not have it yet") {
    input.application.services[0].volumes = {mount};
    for (auto& host : input.hosts) host.containers[0].writes = {"other"};
    CHECK(make_plan(input)->pace.order == Order::start_first);
  }
  SECTION("two replicas share it anyway") {
    input.application.services[0].volumes = {mount};
    input.application.services[0].replicas = 2;
    CHECK(make_plan(input)->pace.order == Order::start_first);
  }
}

TEST_CASE("a volume has one writer also where its service is renamed, or it goes from one service to another") {
  PlanInput input = three_hosts();
  Service& db = input.application.services[0];
  db.volumes.resize(1);
  db.volumes[0].source = "data";
  input.application.volumes = {{"data", "shop_data", false, {}, {}, {}}};
  for (auto& host : input.hosts) host.containers[0].writes = {"shop_data"};
  SECTION("renamed") {
    db.name = "postgres";
    input.wanted = {wanted("postgres", 2)};
    const auto plan = make_plan(input);
    REQUIRE(plan);
    CHECK(plan->pace.order == Order::stop_first);
    CHECK(plan->notes[0].starts_with("service 'postgres' stops before it starts, since the volume 'data' is written"));
    input.application.policy.strategy = Strategy::blue_green;
    CHECK(make_plan(input).error().kind == Error::Kind::invalid);
  }
  SECTION("gone to a new service") {
    Service web;
    web.name = "web";
    db.name = "postgres";
    input.application.services.push_back(web);
    input.wanted = {wanted("postgres", 2), wanted("web", 2)};
    CHECK(make_plan(input)->pace.order == Order::stop_first);
    // Both are to write to it: web's two containers do so already.
    input.application.services[1].volumes = input.application.services[0].volumes;
    input.application.services[1].replicas = 2;
    CHECK(make_plan(input)->pace.order == Order::start_first);
  }
  SECTION("the old one has another volume of that key") {
    input.application.volumes[0].name = "elsewhere";
    CHECK(make_plan(input)->pace.order == Order::start_first);
  }
}

TEST_CASE("a service that did not change does not force anything and keeps its container") {
  PlanInput input = three_hosts();
  Service db;
  db.name = "db";
  db.volumes.resize(1);
  db.volumes[0].source = "data";
  input.application.services.push_back(db);
  input.wanted.push_back(wanted("db", 1));
  input.previous.push_back(wanted("db", 1));
  for (auto& host : input.hosts) host.containers.push_back(shown("db", 1));
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(plan->pace.order == Order::start_first);
  CHECK(plan->hosts[0].keep == std::vector<std::string>{"shop-db-g1-1"});
}

TEST_CASE("shares round so that a rollout can always progress") {
  struct Row {
    Share share;
    std::size_t hosts, batch, min_healthy;
  };
  const auto row =
      GENERATE(Row{{0, false}, 3, 3, 0}, Row{{1, false}, 3, 1, 1}, Row{{5, false}, 3, 3, 3}, Row{{25, true}, 3, 1, 1},
               Row{{50, true}, 3, 1, 2}, Row{{100, true}, 3, 3, 3}, Row{{1, true}, 1, 1, 1}, Row{{67, true}, 3, 2, 3});
  CHECK(batch_of(row.share, row.hosts) == row.batch);
  CHECK(min_healthy_of(row.share, row.hosts) == row.min_healthy);
}

TEST_CASE("min_healthy of all hosts is lowered by one for stop-first, and the plan says so") {
  PlanInput input = three_hosts();
  input.application.policy.order = Order::stop_first;
  input.application.policy.min_healthy = Share{100, true};
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(plan->pace.min_healthy == 2);
  CHECK(plan->notes[0].starts_with("min_healthy is lowered to 2 of 3 hosts"));
  CHECK(plan->batches.size() == 3);
}

TEST_CASE("a rollback takes all hosts at once, but stop-first only as many as min_healthy leaves") {
  PlanInput input = three_hosts();
  input.rollback = true;
  CHECK(make_plan(input)->batches.size() == 1);
  input.application.policy.order = Order::stop_first;
  const auto plan = make_plan(input);
  CHECK(plan->batches == std::vector<std::vector<std::string>>{{"h1", "h2"}, {"h3"}});
  CHECK_FALSE(plan->pace.may_roll_back);
}

TEST_CASE("a kept container of the wanted generation is started again, not created") {
  PlanInput input = three_hosts();
  input.hosts[0].containers.push_back(shown("web", 2, false));
  const auto plan = make_plan(input);
  CHECK(plan->hosts[0].start == std::vector<std::string>{"shop-web-g2-1"});
  CHECK(plan->hosts[0].create.empty());
}

TEST_CASE("a name that a container of another spec has is a conflict that names host and container") {
  PlanInput input = three_hosts();
  input.hosts[1].containers.push_back(shown("web", 2));
  input.hosts[1].containers.back().spec_hash = "other";
  const auto plan = make_plan(input);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().kind == Error::Kind::conflict);
  CHECK(plan.error().message == "host h2: container shop-web-g2-1 is there already with another specification");
}

TEST_CASE("a plan without hosts is refused") {
  PlanInput input = three_hosts();
  input.hosts.clear();
  CHECK(make_plan(input).error().kind == Error::Kind::invalid);
}

TEST_CASE("stopped containers of generations that are not kept are pruned") {
  const auto diff = difference(
      {wanted("web", 4)}, {shown("web", 1, false), shown("web", 2, false), shown("web", 3, false), shown("web", 4)});
  const auto pruned = to_prune(diff, {3});
  REQUIRE(pruned.size() == 2);
  CHECK(pruned[0].generation == 1);
  CHECK(pruned[1].generation == 2);
}

TEST_CASE("min_healthy that can't be kept is refused with what can") {
  PlanInput input = three_hosts();
  SECTION("more than there are") {
    input.application.policy.min_healthy = Share{4, false};
    const auto plan = make_plan(input);
    REQUIRE_FALSE(plan);
    CHECK(plan.error().message == "min_healthy is 4, and there are 3 hosts");
    CHECK(plan.error().hint == "write at most 3, or a share such as 50%");
  }
  SECTION("all, where hosts stop first") {
    input.application.policy.min_healthy = Share{3, false};
    CHECK(make_plan(input));
    input.application.policy.order = Order::stop_first;
    const auto plan = make_plan(input);
    REQUIRE_FALSE(plan);
    CHECK(plan.error().message.starts_with("min_healthy is 3 of 3 hosts, and each of them has to stop"));
    input.rollback = true;
    CHECK(make_plan(input)->pace.min_healthy == 2);
  }
}

TEST_CASE("all at once with stop-first takes really all, unless min_healthy says otherwise") {
  PlanInput input = three_hosts();
  input.application.policy.order = Order::stop_first;
  input.application.policy.batch = Share{0, false};
  CHECK(make_plan(input)->batches.size() == 1);
  input.application.policy.min_healthy = Share{1, false};
  CHECK(make_plan(input)->batches.size() == 2);
}

TEST_CASE("steps over hosts grow by at least one host and never are all of them") {
  struct Row {
    std::vector<std::size_t> shares;
    bool percent;
    std::size_t hosts;
    std::vector<std::size_t> expected;
  };
  const auto row =
      GENERATE(Row{{10, 50}, true, 3, {1, 2}}, Row{{10, 20}, true, 4, {1}}, Row{{5, 10, 50}, true, 20, {1, 2, 10}},
               Row{{1, 2, 9}, false, 4, {1, 2}}, Row{{10}, true, 1, {}}, Row{{99}, true, 100, {99}});
  Policy policy;
  for (const std::size_t share : row.shares) policy.steps.push_back({Share{share, row.percent}, {}, false});
  std::vector<std::size_t> found;
  for (const Step& step : host_steps(policy, row.hosts)) found.push_back(step.hosts);
  CHECK(found == row.expected);
}

TEST_CASE("a canary goes over hosts, or by weight where a proxy divides the requests and both may run") {
  PlanInput input = three_hosts();
  input.application.policy.strategy = Strategy::canary;
  input.application.policy.bake = Milliseconds(5000);
  input.application.policy.steps = {{Share{10, true}, {}, false}, {Share{50, true}, Milliseconds(7), true}};
  CHECK(make_plan(input)->batches == std::vector<std::vector<std::string>>{{"h1"}, {"h2"}, {"h3"}});
  input.weighs = true;
  const auto plan = make_plan(input);
  CHECK(plan->pace.together);
  CHECK(plan->pace.steps == std::vector<Step>{{0, 10, Milliseconds(5000), false}, {0, 50, Milliseconds(7), true}});
  CHECK(plan->batches.size() == 1);
  input.application.policy.order = Order::stop_first;
  CHECK_FALSE(make_plan(input)->pace.together);
  input.application.policy.order.reset();
  input.rollback = true;
  CHECK_FALSE(make_plan(input)->pace.together);
}

TEST_CASE("blue-green where the old and the new can't run side by side is refused with the reason") {
  PlanInput input = three_hosts();
  input.application.policy.strategy = Strategy::blue_green;
  CHECK(make_plan(input)->pace.together);
  input.application.services[0].ports = {{"", "8080", 80, "tcp"}};
  for (auto& host : input.hosts) host.containers[0].host_ports = {8080};
  const auto plan = make_plan(input);
  REQUIRE_FALSE(plan);
  CHECK(plan.error().kind == Error::Kind::invalid);
  CHECK_THAT(plan.error().message, Catch::Contains("port 8080 is taken by the old container"));
}
