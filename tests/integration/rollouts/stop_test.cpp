// How the containers that a rollout replaces are stopped on a real host.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/integration/rollouts/fleet/must.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// A program that does `work` when it gets SIGUSR1, and ends by SIGTERM as most do.
std::string signalled_image(Scene& scene, int version, const std::string& work, const std::string& more = "") {
  return push_image(*scene.fleet, "signalled", scene.application + "-" + std::to_string(version),
                    fmt::format("FROM busybox:latest\n{}ENV VERSION={}\nCMD trap 'exit 1' TERM; trap '{}' USR1; "
                                "while :; do sleep 0.1; done\n",
                                more, version, work));
}

/// Its generation 1 is replaced by the same program in another version: how the container ended that was replaced.
docker::ContainerState replaced(Scene& scene, const std::string& grace, const std::string& work,
                                const std::string& image_has, const std::string& file_has) {
  const std::string file = "name: " + scene.application + "\nservices:\n  web:\n    stop_grace_period: " + grace +
                           "\n    volumes: [noted:/noted]\n" + file_has +
                           "volumes: {noted: }\nx-slipway:\n  targets: [h1]\n  min_healthy_time: 500ms\n";
  for (int version : {1, 2}) {
    const auto rollout = scene.fleet->roll_out(file, signalled_image(scene, version, work, image_has));
    INFO(rollout.reason);
    REQUIRE(rollout.state == "succeeded");
  }
  docker::Engine& engine = **scene.fleet->hosts->engine("h1");
  return must(scene.fleet->run(engine.containers().inspect(scene.application + "-web-g1-1"))).state;
}

}  // namespace

TEST_CASE("the old container is stopped with its own signal, and ends by itself within its grace") {
  Scene scene("ro-signal");
  const bool by_the_image = GENERATE(true, false);
  const std::string work = "echo told > /noted/said; sleep 2; echo finished >> /noted/said; exit 7";
  const docker::ContainerState old = replaced(scene, "10s", work, by_the_image ? "STOPSIGNAL SIGUSR1\n" : "",
                                              by_the_image ? "" : "    stop_signal: SIGUSR1\n");
  CHECK_FALSE(old.running);
  CHECK(old.exit_code == 7);
  CHECK(scene.inside("cat /noted/said") == "told\nfinished\n");
}

TEST_CASE("an old container that does not heed its signal is killed when its grace is over, and not before") {
  Scene scene("ro-deaf");
  const docker::ContainerState old = replaced(scene, "3s", "date +%s > /noted/said", "", "    stop_signal: SIGUSR1\n");
  CHECK_FALSE(old.running);
  CHECK(old.exit_code == 137);
  REQUIRE(old.finished_at);
  const std::chrono::seconds told(std::stoll(scene.inside("cat /noted/said")));
  const auto lived_on = old.finished_at->time_since_epoch() - told;
  INFO(std::chrono::duration_cast<Milliseconds>(lived_on).count() << " ms");
  CHECK(lived_on >= std::chrono::seconds(2));  // the trap may begin somewhat later than the grace
  CHECK(lived_on < std::chrono::seconds(8));
}
