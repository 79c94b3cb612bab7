#include "orchestrator/rollouts/carried_volumes.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

namespace {

const std::string hex_a(64, 'a');
const std::string hex_b(64, 'b');

Shown shown(std::int64_t generation, const std::string& volume, bool running = false) {
  Shown one;
  one.service = "db";
  one.replica = 1;
  one.generation = generation;
  one.name = "shop-db-g" + std::to_string(generation) + "-1";
  one.running = running;
  one.anonymous = {{volume, "/data"}};
  return one;
}

Wanted wanted_database() {
  return {"shop-db-g9-1", "db", 1, 9, "", ""};
}

docker::Mount mount(const std::string& source, const std::string& target) {
  docker::Mount one;
  one.source = source;
  one.target = target;
  return one;
}

}  // namespace

TEST_CASE("anonymous volumes are told by their names, and secrets are none") {
  docker::MountPoint data{"volume", hex_a, "/var/lib/docker/x", "/data", "local", "z"};
  docker::MountPoint named = data;
  named.name = "shop_data";
  docker::MountPoint secrets = data;
  secrets.target = "/run/secrets";
  docker::MountPoint bind = data;
  bind.type = "bind";
  CHECK(anonymous_volumes({data, named, secrets, bind}) == std::vector<AnonymousVolume>{{hex_a, "/data"}});
}

TEST_CASE("a container gets the anonymous volumes of the one it takes the place of") {
  docker::ContainerSpec spec("image");
  Difference on_host;
  on_host.surplus = {shown(3, hex_a, true)};
  on_host.spent = {shown(8, hex_b)};
  SECTION("declared by the image alone") {
    carry_volumes(spec, wanted_database(), on_host);
    REQUIRE(spec.mounts.size() == 1);
    CHECK(spec.mounts[0].source == hex_a);  // of the one that runs, not of the newest
    CHECK(spec.mounts[0].target == "/data");
  }
  SECTION("declared by the file, without a name") {
    spec.mounts = {mount("", "/data")};
    carry_volumes(spec, wanted_database(), on_host);
    REQUIRE(spec.mounts.size() == 1);
    CHECK(spec.mounts[0].source == hex_a);
  }
  SECTION("unless the file mounts something else there") {
    spec.mounts = {mount("shop_data", "/data")};
    carry_volumes(spec, wanted_database(), on_host);
    REQUIRE(spec.mounts.size() == 1);
    CHECK(spec.mounts[0].source == "shop_data");
  }
  SECTION("of the newest, if none runs") {
    on_host.surplus.clear();
    on_host.spent.push_back(shown(2, hex_a));
    carry_volumes(spec, wanted_database(), on_host);
    CHECK(spec.mounts.at(0).source == hex_b);
  }
  SECTION("but none of another replica or service") {
    Wanted second = wanted_database();
    second.replica = 2;
    carry_volumes(spec, second, on_host);
    second = wanted_database();
    second.service = "web";
    carry_volumes(spec, second, on_host);
    CHECK(spec.mounts.empty());
  }
}
