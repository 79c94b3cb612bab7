#include "orchestrator/rollouts/host_view.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

TEST_CASE("of a container's mounts those are told that it may write to and that have a name") {
  docker::ContainerSummary summary;
  summary.mounts.resize(3);
  summary.mounts[0].type = "volume";
  summary.mounts[0].name = "shop_data";
  summary.mounts[1].type = "volume";
  summary.mounts[1].name = "shop_certificates";
  summary.mounts[1].writable = false;
  summary.mounts[2].type = "bind";
  summary.mounts[2].source = "/srv/data";
  CHECK(shown_from(summary).writes == std::vector<std::string>{"shop_data"});
}
