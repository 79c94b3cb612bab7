#include "orchestrator/rollouts/adoption.hpp"

#include <catch2/catch.hpp>

#include "tests/unit/rollouts/shown.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

GenerationSpec spec(std::int64_t number, std::int64_t db = 1) {
  GenerationSpec made;
  made.application = "shop";
  made.number = number;
  made.compose = "name: shop\n";
  made.hosts = {"h1", "h2"};
  made.releases = {{"web", "r/web@sha256:" + std::to_string(number), "w" + std::to_string(number), number, 1},
                   {"db", "r/db@sha256:1", "d" + std::to_string(db), db, 1}};
  return made;
}

/// The containers of a generation on a host, each with the record of the one it was made for.
void put(Traces& host, const GenerationSpec& from, bool running = true) {
  for (const Wanted& wanted : wanted_of(from)) {
    const auto there = std::find_if(host.containers.begin(), host.containers.end(),
                                    [&](const Shown& one) { return one.name == wanted.name; });
    if (there != host.containers.end()) continue;
    host.containers.push_back(shown(wanted, running));
  }
  host.records[from.number] = {"shop", from};
  host.fleets = {"f1"};
  host.newest_rollout = std::max(host.newest_rollout, from.number * 10);
}

std::vector<Traces> two_hosts() {
  std::vector<Traces> hosts(2);
  hosts[0].host = "h1";
  hosts[1].host = "h2";
  return hosts;
}

Result<Findings> find(const std::vector<Traces>& hosts, std::optional<std::int64_t> chosen = {}) {
  return findings_from(hosts, "shop", chosen);
}

}  // namespace

TEST_CASE("hosts that run the same generation decide it; stopped containers are the way back") {
  auto hosts = two_hosts();
  for (Traces& host : hosts) {
    put(host, spec(3));
    put(host, spec(2), false);
  }
  const auto found = find(hosts);
  REQUIRE(found);
  CHECK(found->fleet == "f1");
  CHECK(found->promoted.project == "shop");
  CHECK(found->promoted.spec.number == 3);
  REQUIRE(found->earlier.size() == 1);
  CHECK(found->earlier[0].spec.number == 2);
  CHECK(found->newest_generation == 3);
  CHECK(found->newest_rollout == 30);
}

TEST_CASE("after a rollback the older generation is the promoted one, and the newer one's number stays taken") {
  auto hosts = two_hosts();
  for (Traces& host : hosts) {
    put(host, spec(2));
    put(host, spec(3), false);
  }
  const auto found = find(hosts);
  REQUIRE(found);
  CHECK(found->promoted.spec.number == 2);
  CHECK(found->earlier.empty());
  CHECK(found->newest_generation == 3);
}

TEST_CASE("a host where containers are missing does not put the others in doubt") {
  auto hosts = two_hosts();
  put(hosts[0], spec(3));
  put(hosts[1], spec(2), false);
  const auto found = find(hosts);
  REQUIRE(found);
  CHECK(found->promoted.spec.number == 3);
  hosts[1] = Traces();
  hosts[1].host = "h2";
  CHECK(find(hosts)->promoted.spec.number == 3);
}

TEST_CASE("hosts with different generations are told, and a person's word decides") {
  auto hosts = two_hosts();
  put(hosts[0], spec(3));
  put(hosts[1], spec(2));
  const auto found = find(hosts);
  REQUIRE_FALSE(found);
  CHECK(found.error().kind == Error::Kind::conflict);
  CHECK(found.error().message ==
        "the hosts do not agree on shop: host h1: runs generation 3; host h2: runs generation 2");
  CHECK(find(hosts, 2)->promoted.spec.number == 2);
  CHECK(find(hosts, 3)->promoted.spec.number == 3);
  CHECK(find(hosts, 4).error().kind == Error::Kind::not_found);
}

TEST_CASE("a host in the middle of a rollout to something newer leaves it open") {
  auto hosts = two_hosts();
  put(hosts[0], spec(2));
  put(hosts[0], spec(3));
  put(hosts[1], spec(2));
  const auto found = find(hosts);
  REQUIRE_FALSE(found);
  CHECK_THAT(found.error().message, Catch::Contains("host h1: has parts of generation 3; host h2: runs generation 2"));
  CHECK_THAT(found.error().hint, Catch::Contains("--generation"));
}

TEST_CASE("a host that does not answer may have something newer") {
  auto hosts = two_hosts();
  put(hosts[0], spec(3));
  hosts[1].reachable = false;
  hosts[1].reason = "no route";
  const auto found = find(hosts);
  REQUIRE_FALSE(found);
  CHECK_THAT(found.error().message, Catch::Contains("host h2: does not answer: no route"));
  const auto chosen = find(hosts, 3);
  REQUIRE(chosen);
  CHECK(chosen->silent == std::vector<std::string>{"h2"});
}

TEST_CASE("containers of two installations, hosts without any, and hosts that are not in the settings are refused") {
  auto hosts = two_hosts();
  CHECK(find(hosts).error().kind == Error::Kind::not_found);
  put(hosts[0], spec(3));
  put(hosts[1], spec(3));
  hosts[1].fleets = {"f2"};
  CHECK_THAT(find(hosts).error().message, Catch::Contains("host h1: f1; host h2: f2"));
  hosts.pop_back();
  CHECK_THAT(find(hosts).error().message, Catch::Contains("host h2, which the settings do not have"));
}

TEST_CASE("containers that carry no record are said to have none") {
  auto hosts = two_hosts();
  put(hosts[0], spec(3));
  hosts[0].records.clear();
  const auto found = find(hosts);
  REQUIRE_FALSE(found);
  CHECK_THAT(found.error().message, Catch::Contains("host h1: containers without a record"));
}
