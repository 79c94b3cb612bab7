// Services that run to their end, on real hosts.
#include <catch2/catch.hpp>

#include "orchestrator/rollouts/inventory.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// web waits for `job`.
std::string compose(const std::string& name, const std::string& image, const std::string& script) {
  return "name: " + name +
         "\nservices:\n  web:\n    stop_grace_period: 1s\n    volumes: [data:/data]\n"
         "    command: [sh, -c, \"test -e /data/ready && exec httpd -f -p 8080 -h /data\"]\n"
         "    depends_on: {job: {condition: service_completed_successfully}}\n"
         "  job:\n    image: " +
         image + "\n    volumes: [data:/data]\n    command: [sh, -c, \"" + script +
         "\"]\nvolumes: {data: }\n"
         "x-slipway:\n  targets: [h1]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n";
}

int runs_of_job(Scene& scene, const std::string& container) {
  docker::ExecSpec spec({"sh", "-c", "wc -l < /data/log"});
  docker::Engine& engine = **scene.fleet->hosts->engine("h1");
  const auto ended = scene.fleet->run(engine.exec().run(container, std::move(spec)));
  REQUIRE(ended);
  return std::stoi(ended->output);
}

}  // namespace

TEST_CASE("a service starts once the one it waits for has completed, which then runs no more and is no drift") {
  Scene scene("ro-complete");
  const std::string one = push_web_image(*scene.fleet, "complete-1", "one");
  const std::string two = push_web_image(*scene.fleet, "complete-2", "two");
  const std::string job = push_app_image(*scene.fleet, "one");
  const std::string newer_job = push_app_image(*scene.fleet, "two");
  docker::Engine& engine = **scene.fleet->hosts->engine("h1");
  (void)scene.fleet->run(engine.volumes().remove("ro-complete_data"));  // of a run that was broken off
  const std::string script = "sleep 1; echo ran >> /data/log; touch /data/ready";
  const auto first = scene.fleet->roll_out(compose("ro-complete", job, script), one);
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  CHECK(scene.running("h1") == std::vector<std::string>{"ro-complete-web-g1-1"});
  CHECK(runs_of_job(scene, "ro-complete-web-g1-1") == 1);
  const auto status = scene.fleet->run(scene.fleet->rollouts->look_for_drift("ro-complete"));
  REQUIRE(status);
  CHECK(status->hosts[0].state == "ok");

  // A web server that changed takes the completed one along; a job that changed runs again.
  const auto second = scene.fleet->roll_out(compose("ro-complete", job, script), two);
  INFO(second.reason);
  REQUIRE(second.state == "succeeded");
  CHECK(runs_of_job(scene, "ro-complete-web-g2-1") == 1);
  const auto third = scene.fleet->roll_out(compose("ro-complete", newer_job, script), two);
  INFO(third.reason);
  REQUIRE(third.state == "succeeded");
  CHECK(runs_of_job(scene, "ro-complete-web-g2-1") == 2);

  const auto failed = scene.fleet->roll_out(compose("ro-complete", newer_job, "exit 3"), two);
  CHECK(failed.state == "rolled_back");
  CHECK_THAT(failed.reason, Catch::Contains("was to complete and exited with code 3"));
  CHECK(scene.running("h1") == std::vector<std::string>{"ro-complete-web-g2-1"});
  CHECK(runs_of_job(scene, "ro-complete-web-g2-1") == 2);
}
