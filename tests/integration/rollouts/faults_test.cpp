// Rollouts while hosts are cut off and the daemon is killed.
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <catch2/catch.hpp>

#include "docker-client/images.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/store/applications.hpp"
#include "tests/integration/rollouts/fleet/child.hpp"
#include "tests/integration/rollouts/fleet/cut_off.hpp"
#include "tests/integration/rollouts/fleet/fleet.hpp"
#include "tests/integration/rollouts/fleet/run_worker.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

std::string compose_of(const std::string& application) {
  return "name: " + application +
         "\nservices: {web: {ports: [\"8080:8080\"], stop_grace_period: 1s}}\n"
         "x-slipway:\n  targets: [production]\n  min_healthy_time: 200ms\n  health_deadline: 10s\n"
         "  gate: {http: {port: 8080, interval: 200ms}}\n";
}

/// The versions that a host serves and the generations that run there.
void check_one_generation(Fleet& fleet, const std::string& application, const std::string& text) {
  for (const char* host : {"h1", "h2", "h3"}) {
    CAPTURE(host);
    CHECK(fleet.served(host, 8080) == text);
    const auto shown = fleet.shown(host, application);
    CHECK(std::count_if(shown.begin(), shown.end(), [](const Shown& one) { return one.running; }) == 1);
  }
}

/// Holds a port of the host, as somebody with `docker run` can. The image is one that any host can pull.
void occupy(Scene& scene, const std::string& host, const std::string& image, const std::string& port) {
  docker::Engine& engine = **scene.fleet->hosts->engine(host);
  docker::Images images(engine.transport());
  docker::PullSpec pull;
  pull.repository = image.substr(0, image.rfind('@'));
  pull.reference = image.substr(image.rfind('@') + 1);
  pull.auth = *scene.fleet->run(scene.fleet->registry.credentials(pull.repository));
  REQUIRE(scene.fleet->run(images.pull(std::move(pull))));
  docker::ContainerSpec spec(image);
  spec.name = scene.application + "-occupier";
  spec.labels = {{std::string(label::application), scene.application}};
  spec.ports.push_back({8080, "tcp", "", port});
  REQUIRE(scene.fleet->run(engine.containers().create(spec)));
  REQUIRE(scene.fleet->run(engine.containers().start(scene.application + "-occupier")));
}

void vacate(Scene& scene, const std::string& host) {
  docker::RemoveContainer how;
  how.force = true;
  docker::Containers& containers = (*scene.fleet->hosts->engine(host))->containers();
  REQUIRE(scene.fleet->run(containers.remove(scene.application + "-occupier", how)));
}

/// Newest first.
std::vector<store::Rollout> catch_ups(Scene& scene) {
  const auto all = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::list, scene.application, 50));
  REQUIRE(all);
  std::vector<store::Rollout> found;
  std::copy_if(all->begin(), all->end(), std::back_inserter(found),
               [](const store::Rollout& one) { return one.kind == "catch_up"; });
  return found;
}

/// Until the `count`th has ended, which it answers.
store::Rollout await_catch_up(Scene& scene, std::size_t count) {
  scene.fleet->run_until([&] {
    const auto all = catch_ups(scene);
    return all.size() >= count && all[all.size() - count].ended;
  });
  const auto all = catch_ups(scene);
  return all[all.size() - count];
}

/// A data folder in which ro-kill is to go from "one" to "two", and that no daemon has open.
RolloutId ask_for_second(const std::string& folder) {
  std::filesystem::remove_all(folder);
  Fleet fleet(folder);
  fleet.clean();
  fleet.add_project();
  fleet.settle(compose_of("ro-kill"), push_web_image(fleet, "kill-1", "one"));
  const auto begun = fleet.begin(compose_of("ro-kill"), push_web_image(fleet, "kill-2", "two"));
  REQUIRE(begun);
  return *begun;
}

}  // namespace

TEST_CASE("a host that is cut off does not keep the others from the new version, and gets it when it answers again") {
  const std::string folder = "/tmp/slipway-ro-cut";
  std::filesystem::remove_all(folder);
  Fleet fleet(folder);
  fleet.clean();
  fleet.add_project();
  REQUIRE(fleet.run(fleet.rollouts->recover()));
  fleet.settle(compose_of("ro-cut"), push_web_image(fleet, "cut-1", "one"));
  const std::string two = push_web_image(fleet, "cut-2", "two");

  CutOff cut(fleet, "h3");
  const auto rollout = fleet.roll_out(compose_of("ro-cut"), two);
  INFO(rollout.reason);
  CHECK(rollout.state == "succeeded");
  CHECK(fleet.served("h1", 8080) == "two");
  CHECK(fleet.served("h2", 8080) == "two");
  const auto hosts = fleet.run(fleet.store->read(&store::Rollouts::hosts, rollout.id));
  REQUIRE(hosts);
  CHECK(std::any_of(hosts->begin(), hosts->end(),
                    [](const store::RolloutHost& host) { return host.host == "h3" && host.state == "unknown"; }));

  cut.mend();
  fleet.run_until([&] { return fleet.served("h3", 8080) == "two"; });
  fleet.run_until([&] { return fleet.run(fleet.store->read(&store::Rollouts::open))->empty(); });
  check_one_generation(fleet, "ro-cut", "two");
  fleet.clean();
}

TEST_CASE("a host that is cut off in the middle of a rollout does not stop it and ends with one generation") {
  const std::string folder = "/tmp/slipway-ro-mid";
  std::filesystem::remove_all(folder);
  Fleet fleet(folder);
  fleet.clean();
  fleet.add_project();
  REQUIRE(fleet.run(fleet.rollouts->recover()));
  fleet.settle(compose_of("ro-mid"), push_web_image(fleet, "mid-1", "one"));
  const auto id = fleet.begin(compose_of("ro-mid"), push_web_image(fleet, "mid-2", "two"));
  REQUIRE(id);
  fleet.run_until([&] { return fleet.served("h1", 8080) == "two"; });
  CutOff cut(fleet, "h3");
  const auto rollout = fleet.wait(*id);
  INFO(rollout.reason);
  CHECK(rollout.state == "succeeded");
  CHECK(fleet.served("h2", 8080) == "two");
  cut.mend();
  fleet.run_until([&] { return fleet.served("h3", 8080) == "two"; });
  fleet.run_until([&] { return fleet.run(fleet.store->read(&store::Rollouts::open))->empty(); });
  check_one_generation(fleet, "ro-mid", "two");
  fleet.clean();
}

TEST_CASE(
    "killed after one of nine commits of a rollout, from the first to the last, the daemon finishes it when it is "
    "started "
    "again") {
  const std::string folder = "/tmp/slipway-ro-kill";
  ask_for_second(folder);
  const int commits = commits_of_worker(folder);
  for (const int step : spread_over(commits, 9)) {
    CAPTURE(step, commits);
    const RolloutId id = ask_for_second(folder);
    kill_and_go_on(folder, step, commits);
    Fleet fleet(folder);
    CHECK(fleet.state_of(id) == "succeeded");
    check_one_generation(fleet, "ro-kill", "two");
  }
  Fleet(folder).clean();
}

TEST_CASE("killed again and again on its way back, the daemon still ends with the old version everywhere") {
  const std::string folder = "/tmp/slipway-ro-killback";
  std::filesystem::remove_all(folder);
  RolloutId id;
  {
    Fleet fleet(folder);
    fleet.clean();
    fleet.add_project();
    std::string compose = compose_of("ro-killback");
    fleet.settle(compose, push_web_image(fleet, "killback-1", "old"));
    // Every host gets as far as failing its gate.
    compose.replace(compose.find("{web: {"), 7, "{web: {command: sleep 1000, ");
    compose.replace(compose.find("health_deadline: 10s"), 20, "health_deadline: 2s");
    const auto begun = fleet.begin(compose, push_web_image(fleet, "killback-2", "new"));
    REQUIRE(begun);
    id = *begun;
  }
  // Each process begins with a lease of its own, which is a commit; the later ones get further, so that it ends.
  int status = -SIGKILL;
  int killed_on_its_way_back = 0;
  for (int round = 0; round < 20 && status == -SIGKILL; ++round) {
    status = run_worker(folder, 3 + round / 5);
    if (status == -SIGKILL && Fleet(folder).state_of(id) == "rolling_back") ++killed_on_its_way_back;
  }
  CHECK(status == 0);
  CHECK(killed_on_its_way_back >= 2);
  Fleet fleet(folder);
  CHECK(fleet.state_of(id) == "rolled_back");
  check_one_generation(fleet, "ro-killback", "old");
  fleet.clean();
}

TEST_CASE("a process that turns a rollout round does not go back to a container that the one before it was stopping") {
  const std::string folder = "/tmp/slipway-ro-midstop";
  std::filesystem::remove_all(folder);
  std::string compose = compose_of("ro-midstop");
  compose.replace(compose.find("stop_grace_period: 1s"), 21, "stop_grace_period: 4s");
  RolloutId id;
  {
    Fleet fleet(folder);
    fleet.clean();
    fleet.add_project();
    fleet.settle(compose, push_web_image(fleet, "midstop-1", "old"));
    const auto begun = fleet.begin(compose, push_web_image(fleet, "midstop-2", "new"));
    REQUIRE(begun);
    id = *begun;
  }
  Fleet beside(folder + "-beside");
  const auto policy = [&] {
    const auto there = beside.run((*beside.hosts->engine("h1"))->containers().inspect("ro-midstop-web-g1-1"));
    return there ? there->config.restart.kind : docker::RestartPolicy::Kind::on_failure;
  };
  const pid_t worker = start_child({ROLLOUTS_WORKER_PATH, folder, "0", "back"}, folder + "-log");
  beside.run_until([&] { return policy() == docker::RestartPolicy::Kind::no; });
  // Told to stop, which httpd does not hear, so it runs for another three seconds; and turned round.
  std::this_thread::sleep_for(std::chrono::seconds(1));
  kill_child(worker);

  Fleet fleet(folder);
  REQUIRE(fleet.run(fleet.rollouts->recover()));
  const auto ended = fleet.wait(id);
  INFO(ended.reason);
  CHECK(ended.state == "rolled_back");
  check_one_generation(fleet, "ro-midstop", "old");
  CHECK(policy() == docker::RestartPolicy::Kind::always);
  fleet.clean();
}

TEST_CASE("a rollout whose secret is removed half-way and that is taken up again goes back on all hosts") {
  Scene scene("ro-unsecret");
  scene.fleet->secrets.values["WORD"] = "sesame";
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    secrets: [word]\n");
  compose += "secrets: {word: {environment: WORD}}\n";
  REQUIRE(scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "unsecret-1", "one")).state == "succeeded");
  const auto id = scene.fleet->begin(compose, push_web_image(*scene.fleet, "unsecret-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->served("h1", 8080) == "two"; });
  scene.fleet->secrets.values.clear();
  scene.fleet->restart();
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  const auto ended = scene.fleet->wait(*id);
  INFO(ended.reason);
  CHECK(ended.state == "rolled_back");
  CHECK_THAT(ended.reason, Catch::Contains("no secret WORD"));
  CHECK(scene.served() == thrice("one"));
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(scene.running(host) == std::vector<std::string>{"ro-unsecret-web-g1-1"});
  }
}

TEST_CASE("a host that could not be brought up to date is tried again, also by the next process") {
  Scene scene("ro-again");
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  const std::string one = push_web_image(*scene.fleet, "again-1", "one");
  scene.fleet->settle(scene.compose(), one);
  occupy(scene, "h3", one, "8090");
  const std::string two = push_web_image(*scene.fleet, "again-2", "two");
  std::string compose = scene.compose();
  compose.replace(compose.find("[\"8080:8080\"]"), 13, "[\"8080:8080\", \"8090:9090\"]");
  CutOff cut(*scene.fleet, "h3");
  REQUIRE(scene.fleet->roll_out(compose, two).state == "succeeded");
  cut.mend();
  const auto in_vain = await_catch_up(scene, 1);
  CHECK(in_vain.state == "rollback_failed");
  CHECK_THAT(in_vain.reason, Catch::StartsWith("host h3: "));
  vacate(scene, "h3");
  SECTION("by this one") {}
  SECTION("by the next one") {
    scene.fleet->restart();
    REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  }
  CHECK(await_catch_up(scene, 2).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
}

TEST_CASE("a host that can't be brought up to date yet is tried again after a pause, not all the time") {
  Scene scene("ro-later");
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  scene.fleet->secrets.values["WORD"] = "sesame";
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"), "    secrets: [word]\n");
  compose.insert(compose.find("x-slipway"), "secrets: {word: {environment: WORD}}\n");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "later-1", "one"));
  const std::string two = push_web_image(*scene.fleet, "later-2", "two");
  CutOff cut(*scene.fleet, "h3");
  REQUIRE(scene.fleet->roll_out(compose, two).state == "succeeded");
  scene.fleet->secrets.values.clear();
  cut.mend();
  const auto given_up = await_catch_up(scene, 1);
  CHECK(given_up.state == "rolled_back");
  CHECK_THAT(given_up.reason, Catch::Contains("no secret WORD") && Catch::EndsWith("; nothing was changed"));
  const auto again = await_catch_up(scene, 2);
  CHECK(again.state == "rolled_back");
  CHECK(again.created - *given_up.finished > std::chrono::seconds(9));
  scene.fleet->secrets.values["WORD"] = "sesame";
  CHECK(await_catch_up(scene, 3).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
}

TEST_CASE("a host that is cut off when a first rollout goes back loses what it has of it once it answers") {
  Scene scene("ro-nothing");
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  const std::string image = push_web_image(*scene.fleet, "nothing-1", "one");
  occupy(scene, "h2", image, "8080");
  std::string compose = scene.compose();
  compose.replace(compose.find("300ms"), 5, "5s");  // it is cut off before the next host's turn
  const auto id = scene.fleet->begin(compose, image);
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->served("h1", 8080) == "one"; });
  CutOff cut(*scene.fleet, "h1");
  const auto ended = scene.fleet->wait(*id);
  CHECK(ended.state == "rolled_back");
  CHECK_THAT(ended.reason, Catch::Contains("host h1 does not answer, it goes back when it does"));
  cut.mend();
  CHECK(await_catch_up(scene, 1).state == "succeeded");
  CHECK(scene.fleet->shown("h1", scene.application).empty());
  CHECK(scene.fleet->run(scene.fleet->store->read(&store::Applications::get, scene.application))->promoted == 0);
}
