#include "orchestrator/rollouts/leftovers.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

namespace {

std::string digest(char digit) {
  return "sha256:" + std::string(64, digit);
}

docker::ImageSummary listed_image(std::vector<std::string> digests, std::vector<std::string> tags = {}) {
  docker::ImageSummary made;
  made.id = digest('f');
  made.repo_digests = std::move(digests);
  made.repo_tags = std::move(tags);
  made.size = 7;
  return made;
}

StillNeeded needs() {
  StillNeeded needed;
  for (const char digit : {'1', '2', '3'}) needed.had.insert("docker.io/library/busybox@" + digest(digit));
  needed.had.insert("registry.example:5000/shop/web@" + digest('1'));
  needed.images = {"docker.io/library/busybox@" + digest('3'), "docker.io/library/busybox@" + digest('4')};
  needed.networks = {"shop_default"};
  return needed;
}

std::size_t gone(const docker::ImageSummary& there) {
  return old_images({there}, needs()).size();
}

docker::Network listed_network(std::string name, std::string scope = "local") {
  docker::Network made;
  made.name = std::move(name);
  made.scope = std::move(scope);
  return made;
}

}  // namespace

TEST_CASE("an image goes that a generation had and none needs any more, by the names that the Engine has for it") {
  const auto old = old_images({listed_image({"busybox@" + digest('1')}, {"<none>:<none>"})}, needs());
  REQUIRE(old.size() == 1);
  CHECK(old[0].id == digest('f'));
  CHECK(old[0].names == std::vector<std::string>{"busybox@" + digest('1')});
  CHECK(old[0].size == 7);
  CHECK(gone(listed_image({"busybox@" + digest('1'), "registry.example:5000/shop/web@" + digest('1')})) == 1);
}

TEST_CASE("an image stays that is needed, that has a name of somebody else's, or that no generation ever had") {
  CHECK(gone(listed_image({"busybox@" + digest('3')})) == 0);
  CHECK(gone(listed_image({"busybox@" + digest('1'), "busybox@" + digest('3')})) == 0);
  CHECK(gone(listed_image({"busybox@" + digest('4')})) == 0);
  CHECK(gone(listed_image({"busybox@" + digest('5')})) == 0);
  CHECK(gone(listed_image({"other.example/busybox@" + digest('1')})) == 0);
  CHECK(gone(listed_image({"busybox@" + digest('1'), "other.example/busybox@" + digest('1')})) == 0);
  CHECK(gone(listed_image({"busybox@" + digest('1')}, {"busybox:latest"})) == 0);
  CHECK(gone(listed_image({"<none>@<none>"}, {"<none>:<none>"})) == 0);
  CHECK(gone(listed_image({})) == 0);
}

TEST_CASE("a network goes that no generation which may be asked for names, unless it is a swarm's") {
  const auto old = old_networks(
      {listed_network("shop_default"), listed_network("shop_back"), listed_network("shop_mesh", "swarm")}, needs());
  REQUIRE(old.size() == 1);
  CHECK(old[0].name == "shop_back");
}
