// What people change on hosts between rollouts, on the rig's three hosts.
#include <catch2/catch.hpp>

#include "docker-client/images.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/store/drifts.hpp"
#include "orchestrator/store/events.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

docker::Engine& engine(Scene& scene, const std::string& host) {
  return **scene.fleet->hosts->engine(host);
}

ApplicationStatus look(Scene& scene) {
  auto status = scene.fleet->run(scene.fleet->rollouts->look_for_drift(scene.application));
  REQUIRE(status);
  return *status;
}

/// "h1 missing", …: what a look finds.
std::vector<std::string> kinds(const ApplicationStatus& status) {
  std::vector<std::string> found;
  for (const HostOfApplication& host : status.hosts) {
    for (const Drift& drift : host.drift) found.push_back(host.host + " " + std::string(name_of(drift.kind)));
  }
  return found;
}

std::vector<std::string> events(Scene& scene, const std::string& kind) {
  store::EventFilter filter;
  filter.application = scene.application;
  filter.limit = 1000;
  const auto page = scene.fleet->run(scene.fleet->store->read(&store::Events::list, filter));
  REQUIRE(page);
  std::vector<std::string> data;
  for (const store::Event& event : page->items) {
    if (event.kind == kind) data.push_back(event.data);
  }
  return data;
}

std::vector<store::Rollout> healings(Scene& scene) {
  const auto all = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::list, scene.application, 50));
  REQUIRE(all);
  std::vector<store::Rollout> found;
  std::copy_if(all->begin(), all->end(), std::back_inserter(found),
               [](const store::Rollout& one) { return one.kind == "heal"; });
  return found;
}

/// The image that another application's hosts run, put behind this one's labels, as somebody with `docker run` can.
void run_foreign(Scene& scene, const std::string& host, const std::string& name, const std::string& image) {
  docker::Containers& containers = engine(scene, host).containers();
  const auto there = scene.fleet->run(containers.inspect(name));
  REQUIRE(there);
  docker::RemoveContainer how;
  how.force = true;
  REQUIRE(scene.fleet->run(containers.remove(name, how)));
  docker::Images images(engine(scene, host).transport());
  docker::PullSpec pull;
  pull.repository = image.substr(0, image.rfind('@'));
  pull.reference = image.substr(image.rfind('@') + 1);
  pull.auth = *scene.fleet->run(scene.fleet->registry.credentials(pull.repository));
  REQUIRE(scene.fleet->run(images.pull(std::move(pull))));
  docker::ContainerSpec spec(image);
  spec.name = name;
  spec.labels = there->config.labels;
  spec.ports.push_back({8080, "tcp", "", "8080"});
  docker::NetworkAttachment network;
  network.network = scene.application + "_default";
  spec.networks = {network};
  spec.network_mode = network.network;
  REQUIRE(scene.fleet->run(containers.create(spec)));
  REQUIRE(scene.fleet->run(containers.start(name)));
}

}  // namespace

TEST_CASE("what somebody removed, stopped, paused, renamed or replaced is found, and each is told once") {
  Scene scene("ro-drift");
  const std::string image = push_web_image(*scene.fleet, "drift-1", "one");
  const std::string other = push_web_image(*scene.fleet, "drift-other", "other");
  REQUIRE(scene.fleet->roll_out(scene.compose(), image).state == "succeeded");
  CHECK(kinds(look(scene)).empty());
  const std::string web = "ro-drift-web-g1-1";

  REQUIRE(scene.fleet->run(engine(scene, "h1").containers().stop(web, 1)));
  docker::RemoveContainer how;
  how.force = true;
  REQUIRE(scene.fleet->run(engine(scene, "h2").containers().remove(web, how)));
  run_foreign(scene, "h3", web, other);
  const ApplicationStatus found = look(scene);
  CHECK(kinds(found) == std::vector<std::string>{"h1 stopped", "h2 missing", "h3 foreign"});
  REQUIRE(found.hosts[2].containers.size() == 1);
  CHECK(found.hosts[2].containers[0].digest == other.substr(other.rfind('@') + 1));
  CHECK(found.hosts[0].drifted_since);
  look(scene);
  CHECK(events(scene, "drift.found").size() == 3);

  const auto redeployed = scene.fleet->run(scene.fleet->rollouts->redeploy(scene.application, false, "ann"));
  REQUIRE(redeployed);
  REQUIRE(scene.fleet->wait(*redeployed).state == "succeeded");
  CHECK(scene.served() == thrice("one"));
  CHECK(events(scene, "drift.gone").size() == 3);
  REQUIRE(scene.fleet->run(engine(scene, "h1").containers().pause(web)));
  REQUIRE(scene.fleet->run(engine(scene, "h2").containers().rename(web, "mine")));
  CHECK(kinds(look(scene)) == std::vector<std::string>{"h1 paused", "h2 renamed"});
  REQUIRE(scene.fleet->run(engine(scene, "h1").containers().unpause(web)));
  REQUIRE(scene.fleet->run(engine(scene, "h2").containers().rename("mine", web)));
  CHECK(kinds(look(scene)).empty());
  CHECK(events(scene, "drift.found").size() == 5);
  CHECK(events(scene, "drift.gone").size() == 5);
}

TEST_CASE("changed options of a running container are drift") {
  Scene scene("ro-changed");
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "changed-1", "one"));
  const docker::RestartPolicy never;
  REQUIRE(scene.fleet->run(engine(scene, "h1").containers().set_restart_policy("ro-changed-web-g1-1", never)));
  const ApplicationStatus found = look(scene);
  CHECK(kinds(found) == std::vector<std::string>{"h1 changed"});
  CHECK(found.hosts[0].reason == "container ro-changed-web-g1-1 was changed: restart policy is no, not always");
}

TEST_CASE("the daemon looks by itself; where it is only to report, it tells and leaves things alone") {
  Scene scene("ro-vigil");
  const std::string compose = scene.compose("  drift: {interval: 5s}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "vigil-1", "one"));
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  REQUIRE(scene.fleet->run(engine(scene, "h2").containers().stop("ro-vigil-web-g1-1", 1)));
  scene.fleet->run_until([&] { return !events(scene, "drift.found").empty(); });
  CHECK(healings(scene).empty());
  CHECK(scene.running("h2").empty());
  REQUIRE(scene.fleet->run(engine(scene, "h2").containers().start("ro-vigil-web-g1-1")));
  scene.fleet->run_until([&] { return !events(scene, "drift.gone").empty(); });
  CHECK(events(scene, "drift.found").size() == 1);
}

TEST_CASE("drift: heal brings back the hosts that drifted, and only those, in a rollout of its own") {
  Scene scene("ro-heal");
  const std::string image = push_web_image(*scene.fleet, "heal-1", "one");
  const std::string other = push_web_image(*scene.fleet, "heal-other", "other");
  const std::string compose = scene.compose("  drift: {action: heal, interval: 5s}\n");
  REQUIRE(scene.fleet->roll_out(compose, image).state == "succeeded");
  const std::string web = "ro-heal-web-g1-1";
  docker::RemoveContainer how;
  how.force = true;
  REQUIRE(scene.fleet->run(engine(scene, "h1").containers().remove(web, how)));
  run_foreign(scene, "h3", web, other);
  scene.fleet->run_until([&] { return scene.served() == std::vector<std::string>{"", "one", "other"}; });

  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  scene.fleet->run_until([&] { return !healings(scene).empty(); });
  const store::Rollout healed = scene.fleet->wait(healings(scene).front().id);
  CHECK(healed.state == "succeeded");
  CHECK(healed.requested_by == "slipway");
  CHECK(healed.generation == 1);
  CHECK(scene.served() == thrice("one"));
  CHECK(scene.running("h3") == std::vector<std::string>{web});
  CHECK(scene.fleet->shown("h3", scene.application).size() == 1);  // what was set aside is gone
  const auto hosts = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::hosts, healed.id));
  REQUIRE(hosts);
  std::vector<std::string> names;
  for (const store::RolloutHost& host : *hosts) names.push_back(host.host);
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"h1", "h3"});
  CHECK(kinds(look(scene)).empty());
}

TEST_CASE("a rollout after a healing goes back past it, as if there had been none") {
  Scene scene("ro-heal-back");
  const std::string compose = scene.compose("  drift: {action: heal, interval: 5s}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "heal-back-1", "one"));
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "heal-back-2", "two"));
  REQUIRE(scene.fleet->run(engine(scene, "h1").containers().stop("ro-heal-back-web-g2-1", 1)));
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  scene.fleet->run_until([&] { return !healings(scene).empty(); });
  REQUIRE(scene.fleet->wait(healings(scene).front().id).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
  CHECK(scene.served() == thrice("one"));
}
