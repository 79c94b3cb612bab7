// Hooks and migrations on the rig's three hosts.
#include <algorithm>

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/rollouts/once.hpp"
#include "tests/integration/rollouts/fleet/parts.hpp"
#include "tests/integration/rollouts/fleet/run_worker.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// Side by side, with `more` lines of x-slipway.
std::string hooks_file(const std::string& application, const std::string& more) {
  return "name: " + application +
         "\nservices: {web: {ports: [\"8080\"], stop_grace_period: 1s}}\n"
         "x-slipway:\n  targets: [production]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n"
         "  gate: {http: {port: 8080, interval: 200ms}}\n" +
         more;
}

/// One writer of a volume in which programs leave their marks; it stops before it starts.
std::string marked(const std::string& application, const std::string& more) {
  return "name: " + application +
         "\nservices: {web: {ports: [\"8080:8080\"], stop_grace_period: 1s, volumes: [\"marks:/marks\"]}}\n"
         "volumes: {marks: }\n"
         "x-slipway:\n  targets: [production]\n  strategy: all\n  min_healthy_time: 200ms\n  health_deadline: 20s\n"
         "  gate: {http: {port: 8080, interval: 200ms}}\n" +
         more;
}

std::string push_text(Fleet& fleet, const std::string& text) {
  return push_files_image(fleet, "hooks-" + text, {{"index.html", text}});
}

/// What was said of programs on a host: "before_stop: one".
std::vector<std::string> hooks_said(const Scene& scene, const std::string& host) {
  const std::string prefix = "host " + host + ": hook ";
  std::vector<std::string> lines;
  for (const std::string& line : scene.fleet->said) {
    if (line.starts_with(prefix)) lines.push_back(line.substr(prefix.size()));
  }
  return lines;
}

docker::Engine& engine_of(Fleet& fleet, const std::string& host) {
  return **fleet.hosts->engine(host);
}

/// Containers of hooks and migrations on a host, running or not.
std::vector<docker::ContainerSummary> one_shots(Fleet& fleet, const std::string& host, const std::string& application) {
  docker::ListContainers what;
  what.filters.label(std::string(label::application), application).label(std::string(label::hook));
  return *fleet.run(engine_of(fleet, host).containers().list(std::move(what)));
}

/// The lines of /marks/log that the application's volume has on a host.
int marks(Fleet& fleet, const std::string& host, const std::string& container) {
  docker::ExecSpec spec({"sh", "-c", "cat /marks/log 2>/dev/null | wc -l"});
  const auto ended = fleet.run(engine_of(fleet, host).exec().run(container, std::move(spec)));
  REQUIRE(ended);
  return std::stoi(ended->output);
}

/// Keeps notes, and as if the process died at once with the first of them.
class DyingJournal final : public OnceJournal {
 public:
  [[nodiscard]] std::optional<OnceNote> noted(const std::string& key) const override {
    const auto found = notes_.find(key);
    return found == notes_.end() ? std::nullopt : std::optional(found->second);
  }
  awaitable<Result<void>> note(std::string key, OnceNote note) override {
    const bool first = notes_.empty();
    notes_[key] = std::move(note);
    if (first) co_return fail(Error::Kind::unavailable, "the process died");
    co_return Result<void>();
  }

 private:
  OnceNotes notes_;
};

constexpr const char* mark = "[sh, -c, \"echo ran >> /marks/log; sleep 2\"]";

/// A rollout of ro-hookkill with two hooks and a migration, which no daemon is there to do.
RolloutId ask_for_hooks(Scene& scene) {
  REQUIRE(scene.fleet->roll_out(marked("ro-hookkill", ""), push_text(*scene.fleet, "one")).state == "succeeded");
  const auto begun = scene.fleet->begin(
      marked("ro-hookkill", std::string("  hooks: {after_install: {run: ") + mark + "}, start: {run: " + mark +
                                ", exec: true}}\n  migrate: {kind: expand, run: " + mark + "}\n"),
      push_text(*scene.fleet, "two"));
  REQUIRE(begun);
  scene.fleet.reset();
  return *begun;
}

/// After that and a worker: two hooks on each host, and the migration on one of them.
void check_each_ran_once(Scene& scene) {
  scene.fleet = std::make_unique<Fleet>(scene.folder);
  std::vector<int> counted;
  for (const char* host : {"h1", "h2", "h3"}) {
    counted.push_back(marks(*scene.fleet, host, "ro-hookkill-web-g2-1"));
    CHECK(one_shots(*scene.fleet, host, "ro-hookkill").empty());
  }
  std::sort(counted.begin(), counted.end());
  CHECK(counted == std::vector<int>{2, 2, 3});
}

}  // namespace

TEST_CASE("hooks run in order, with the image of the generation they belong to, and say what they print") {
  Scene scene("ro-hooks");
  std::string more = "  hooks:\n";
  for (const HookPoint point : hook_points) {
    const bool exec = point == HookPoint::start || point == HookPoint::before_stop;
    more +=
        "    " + std::string(name_of(point)) + ": {run: [cat, /www/index.html]" + (exec ? ", exec: true" : "") + "}\n";
  }
  const auto first = scene.fleet->roll_out(hooks_file("ro-hooks", more), push_text(*scene.fleet, "one"));
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  CHECK(hooks_said(scene, "h1") == std::vector<std::string>{"before_install: one", "after_install: one", "start: one",
                                                            "validate: one", "before_traffic: one",
                                                            "after_traffic: one"});
  const auto second = scene.fleet->roll_out(hooks_file("ro-hooks", more), push_text(*scene.fleet, "two"));
  INFO(second.reason);
  REQUIRE(second.state == "succeeded");
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(hooks_said(scene, host) ==
          std::vector<std::string>{"before_install: two", "after_install: two", "start: two", "validate: two",
                                   "before_traffic: two", "after_traffic: two", "before_stop: one", "after_stop: one"});
    CHECK(one_shots(*scene.fleet, host, "ro-hooks").empty());
    CHECK(scene.running(host) == std::vector<std::string>{"ro-hooks-web-g2-1"});
  }
  // A rollback must not hang on what may be what is broken.
  const auto id = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-hooks", "ann"));
  REQUIRE(id);
  CHECK(scene.fleet->wait(*id).state == "succeeded");
  CHECK(hooks_said(scene, "h1").empty());
}

TEST_CASE("a hook that fails rolls back and leaves its words, unless its failure is to be passed over") {
  Scene scene("ro-badhook");
  const std::string fails = "[sh, -c, \"echo I found something; exit 3\"]";
  scene.fleet->settle(hooks_file("ro-badhook", ""), push_text(*scene.fleet, "one"));
  const auto second = scene.fleet->roll_out(hooks_file("ro-badhook", "  hooks: {validate: {run: " + fails + "}}\n"),
                                            push_text(*scene.fleet, "two"));
  CHECK(second.state == "rolled_back");
  CHECK(second.reason == "host h1: hook validate: it ended with exit code 3");
  CHECK(scene.said("host h1: hook validate: I found something"));
  CHECK_FALSE(scene.said("host h2: hook"));
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(scene.running(host) == std::vector<std::string>{"ro-badhook-web-g1-1"});
    CHECK(one_shots(*scene.fleet, host, "ro-badhook").empty());
  }
  const auto third = scene.fleet->roll_out(
      hooks_file("ro-badhook", "  hooks: {validate: {run: " + fails + ", on_failure: continue}}\n"),
      push_text(*scene.fleet, "two"));
  CHECK(third.state == "succeeded");
  CHECK(scene.said("host h3: hook validate: it ended with exit code 3; it goes on all the same"));
}

TEST_CASE("a hook that takes longer than its timeout is ended, and the host goes back") {
  Scene scene("ro-slowhook");
  scene.fleet->settle(hooks_file("ro-slowhook", ""), push_text(*scene.fleet, "one"));
  const bool exec = GENERATE(false, true);
  const auto second = scene.fleet->roll_out(
      hooks_file("ro-slowhook", std::string("  hooks: {start: {run: [sleep, \"20\"], timeout: 1s") +
                                    (exec ? ", exec: true" : "") + "}}\n"),
      push_text(*scene.fleet, "two"));
  CHECK(second.state == "rolled_back");
  CHECK(second.reason == "host h1: hook start: it took longer than 1s");
  CHECK(one_shots(*scene.fleet, "h1", "ro-slowhook").empty());
  CHECK(scene.running("h1") == std::vector<std::string>{"ro-slowhook-web-g1-1"});
}

TEST_CASE("a program that was noted and not begun when the daemon died has its whole time when it is begun at last") {
  Scene scene("ro-latehook");
  const bool exec = GENERATE(false, true);
  scene.fleet->settle(hooks_file("ro-latehook", ""), push_text(*scene.fleet, "one"));
  Parts parts = parts_of(*scene.fleet);
  const auto target = scene.fleet->run(load_target(parts, scene.application, 1));
  REQUIRE(target);
  Site site{"h1", "", &engine_of(*scene.fleet, "h1"), scene.fleet->traffic.get()};
  Maker maker;
  maker.instance = scene.fleet->store->fleet();
  maker.rollout = 99;
  HostWork work(site, scene.fleet->registry, scene.fleet->pool, scene.fleet->clock, maker);
  DyingJournal journal;
  std::string said;
  Once once(site, work, journal, scene.fleet->clock, maker, [&](const std::string& line) { said = line; });
  OneShot what;
  what.key = what.title = what.label = "late";
  if (!exec) what.container = "ro-latehook-late-r99-1";
  what.service = "web";
  what.run = {"sh", "-c", "sleep 2; echo done"};
  what.timeout = std::chrono::minutes(10);
  what.target = *target;
  CHECK_FALSE(scene.fleet->run(once.run(what)));
  scene.fleet->clock.step += std::chrono::hours(3);
  const auto ran = scene.fleet->run(once.run(what));
  INFO((ran ? std::string() : ran.error().message));
  CHECK(ran);
  CHECK_THAT(said, Catch::EndsWith("done"));
}

TEST_CASE("a daemon that is restarted in the middle of a hook waits for it and does not run it again") {
  Scene scene("ro-rehook");
  const bool exec = GENERATE(false, true);
  REQUIRE(scene.fleet->roll_out(marked("ro-rehook", ""), push_text(*scene.fleet, "one")).state == "succeeded");
  const auto id = scene.fleet->begin(
      marked("ro-rehook", std::string("  hooks: {validate: {run: ") + mark + (exec ? ", exec: true" : "") + "}}\n"),
      push_text(*scene.fleet, "two"));
  REQUIRE(id);
  const auto begun = [&] {
    return scene.running("h1") == std::vector<std::string>{"ro-rehook-web-g2-1"} &&
           marks(*scene.fleet, "h1", "ro-rehook-web-g2-1") == 1;
  };
  scene.fleet->run_until(begun);
  scene.fleet->restart();
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->recover()));
  const auto ended = scene.fleet->wait(*id);
  INFO(ended.reason);
  CHECK(ended.state == "succeeded");
  for (const char* host : {"h1", "h2", "h3"}) CHECK(marks(*scene.fleet, host, "ro-rehook-web-g2-1") == 1);
}

TEST_CASE(
    "killed after one of seven commits of a rollout with hooks and a migration, from the first to the last, the daemon "
    "runs none of them twice") {
  int commits = 0;
  {
    Scene scene("ro-hookkill");
    ask_for_hooks(scene);
    commits = commits_of_worker(scene.folder);
    check_each_ran_once(scene);
  }
  for (const int step : spread_over(commits, 7)) {
    CAPTURE(step, commits);
    Scene scene("ro-hookkill");
    const RolloutId id = ask_for_hooks(scene);
    kill_and_go_on(scene.folder, step, commits);
    check_each_ran_once(scene);
    CHECK(scene.fleet->state_of(id) == "succeeded");
  }
}

TEST_CASE("a migration runs once on one host before any host is changed") {
  Scene scene("ro-migrate");
  scene.fleet->settle(hooks_file("ro-migrate", ""), push_text(*scene.fleet, "one"));
  const std::string migrate = "  migrate: {kind: expand, run: [cat, /www/index.html]}\n";
  const auto second = scene.fleet->roll_out(hooks_file("ro-migrate", migrate), push_text(*scene.fleet, "two"));
  INFO(second.reason);
  REQUIRE(second.state == "succeeded");
  const auto& said = scene.fleet->said;
  CHECK(std::count(said.begin(), said.end(), "host h1: migrate: two") == 1);
  CHECK_FALSE(scene.said("host h2: migrate"));
  const auto place = [&](const std::string& line) { return std::find(said.begin(), said.end(), line) - said.begin(); };
  CHECK(place("host h1: migrate: two") < place("host h1: created"));
  // Once in a deployment: the same generation rolled out anew does not migrate.
  const auto again = scene.fleet->run(scene.fleet->rollouts->redeploy("ro-migrate", false, "ann"));
  REQUIRE(again);
  CHECK(scene.fleet->wait(*again).state == "succeeded");
  CHECK_FALSE(scene.said("the migration runs"));
  CHECK_FALSE(scene.said("h1: migrate: "));
  const auto back = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-migrate", "ann"));
  REQUIRE(back);
  CHECK(scene.fleet->wait(*back).state == "succeeded");
}

TEST_CASE("a migration that fails changes no host") {
  Scene scene("ro-badmigrate");
  scene.fleet->settle(hooks_file("ro-badmigrate", ""), push_text(*scene.fleet, "one"));
  const auto second = scene.fleet->roll_out(
      hooks_file("ro-badmigrate", "  migrate: {kind: contract, run: [sh, -c, \"echo no such table; exit 2\"]}\n"),
      push_text(*scene.fleet, "two"));
  CHECK(second.state == "rolled_back");
  CHECK(second.reason == "migration on host h1: migrate: it ended with exit code 2; no host was changed");
  CHECK(scene.said("host h1: migrate: no such table"));
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(scene.fleet->shown(host, "ro-badmigrate").size() == 1);
    CHECK(one_shots(*scene.fleet, host, "ro-badmigrate").empty());
  }
}

TEST_CASE("a rollback past a contract migration is refused unless it is forced") {
  Scene scene("ro-contract");
  scene.fleet->settle(hooks_file("ro-contract", ""), push_text(*scene.fleet, "one"));
  REQUIRE(scene.fleet
              ->roll_out(hooks_file("ro-contract", "  migrate: {kind: contract, run: [\"true\"]}\n"),
                         push_text(*scene.fleet, "two"))
              .state == "succeeded");
  const auto refused = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-contract", "ann"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::conflict);
  CHECK(refused.error().message ==
        "generation 1 of ro-contract was made for data that the contract migration of generation 2 has taken away");
  CHECK(refused.error().hint == "if it can run all the same: slipway app rollback --force ro-contract");
  CHECK(scene.running("h1") == std::vector<std::string>{"ro-contract-web-g2-1"});
  const auto forced = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-contract", "ann", true));
  REQUIRE(forced);
  CHECK(scene.fleet->wait(*forced).state == "succeeded");
  CHECK(scene.running("h1") == std::vector<std::string>{"ro-contract-web-g1-1"});
}
