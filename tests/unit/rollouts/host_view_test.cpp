#include "orchestrator/rollouts/host_view.hpp"

#include <catch2/catch.hpp>

#include "docker-client/engine.hpp"
#include "orchestrator/rollouts/routed_containers.hpp"
#include "tests/support/run_async.hpp"

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

namespace {

awaitable<std::vector<Error>> errors_without_engine() {
  docker::Engine engine(co_await asio::this_coro::executor, *docker::parse_endpoint("unix:///tmp/slipway-no-engine"));
  std::vector<Error> errors;
  Whose shop("fleet", "shop", false);
  const auto shown = co_await look_at_host(engine.containers(), std::move(shop));
  if (!shown) errors.push_back(shown.error());
  const auto composed = co_await compose_containers(engine.containers(), "shop");
  if (!composed) errors.push_back(composed.error());
  const auto running = co_await running_of(&engine, "shop");
  if (!running) errors.push_back(running.error());
  co_return errors;
}

}  // namespace

TEST_CASE("an Engine whose containers can't be listed is told with that once") {
  const std::vector<Error> errors = run_async(errors_without_engine());
  CHECK(errors.size() == 3);
  for (const Error& error : errors) {
    INFO(error.message);
    CHECK(error.message.starts_with("list containers"));
    CHECK(error.message.rfind("list containers") == 0);
  }
}
