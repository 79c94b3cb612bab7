// A swarm as the target: what a file may ask of one, what it is asked for, and what is made of its answers.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/rollouts/swarm/swarm_plan.hpp"
#include "orchestrator/rollouts/swarm/swarm_spec.hpp"
#include "orchestrator/rollouts/swarm/swarm_status.hpp"
#include "orchestrator/rollouts/swarm/verdict.hpp"

using namespace slipway;
using namespace slipway::rollouts;
using State = docker::UpdateStatus::State;
using Kind = swarm::Verdict::Kind;

namespace {

Result<Application> decode_swarm(const std::string& text, std::string group = {}) {
  ComposeText file;
  file.text = text;
  file.group = std::move(group);
  ComposeRules rules;
  rules.swarms = {"cluster"};
  return decode_compose(file, rules);
}

std::string errors_of(const std::string& text) {
  const auto decoded = decode_swarm(text);
  REQUIRE_FALSE(decoded);
  return decoded.error().hint;
}

const std::string shop = R"(name: shop
services:
  web:
    image: web
    ports: ["8080:80", {target: 81, published: "8081", mode: host}]
    depends_on: {db: {condition: service_healthy}}
    deploy:
      replicas: 100
      labels: {team: shop}
      update_config: {parallelism: 2, delay: 5s, failure_action: pause, order: start-first}
      rollback_config: {parallelism: 0, failure_action: continue}
      placement:
        constraints: ["node.role == worker"]
        preferences: [{spread: node.labels.zone}]
        max_replicas_per_node: 2
      endpoint_mode: dnsrr
      resources: {reservations: {cpus: "0.5"}}
      restart_policy: {condition: on-failure, delay: 2s, window: 1m, max_attempts: 3}
  db:
    image: db
    volumes: [data:/data]
volumes: {data: {driver: local, driver_opts: {type: nfs}}}
x-slipway: {targets: [cluster]}
)";

Wanted wanted_web() {
  return {"shop_web", "web", 0, 4, "hash4", "web@sha256:4"};
}

docker::Labels made_for(const Wanted& wanted, std::int64_t rollout = 9) {
  return {{std::string(label::spec_hash), wanted.spec_hash},
          {std::string(label::generation), std::to_string(wanted.generation)},
          {std::string(label::rollout), std::to_string(rollout)}};
}

docker::Task task(std::int64_t slot, const std::string& state, const Wanted& wanted, std::string error = {}) {
  docker::Task task;
  task.id = "t" + std::to_string(slot) + state;
  task.slot = slot;
  task.node = "n1";
  task.state = state;
  task.desired_state = state == "failed" || state == "rejected" ? "shutdown" : "running";
  task.labels = made_for(wanted);
  task.error = std::move(error);
  task.image = wanted.image;
  return task;
}

/// Two replicas that run as asked.
swarm::ServiceView running_web() {
  swarm::ServiceView view;
  view.service.name = "shop_web";
  view.service.labels = made_for(wanted_web());
  view.service.replicas = 2;
  view.service.image = "web@sha256:4";
  view.tasks = {task(1, "running", wanted_web()), task(2, "running", wanted_web())};
  return view;
}

swarm::Verdict judged(const swarm::ServiceView& view) {
  return swarm::judge(view, wanted_web(), {{"n1", "alpha"}});
}

}  // namespace

TEST_CASE("what a swarm alone honours of `deploy` is read where the target is a swarm") {
  const auto application = decode_swarm(shop);
  REQUIRE(application);
  CHECK(application->for_swarm);
  const Service& web = application->services[0];
  REQUIRE(web.swarm);
  CHECK(web.replicas == 100);
  CHECK(web.labels.empty());
  CHECK(web.swarm->labels == std::map<std::string, std::string>{{"team", "shop"}});
  CHECK(web.swarm->update ==
        SwarmUpdate{2, Milliseconds(5000), std::nullopt, FailureAction::pause, 0, Order::start_first});
  CHECK(web.swarm->rollback == SwarmUpdate{0, Milliseconds(0), std::nullopt, FailureAction::go_on, 0, std::nullopt});
  CHECK(web.swarm->constraints == std::vector<std::string>{"node.role == worker"});
  CHECK(web.swarm->spread == std::vector<std::string>{"node.labels.zone"});
  CHECK(web.swarm->max_replicas_per_node == 2);
  CHECK(web.swarm->endpoint_mode == "dnsrr");
  CHECK(web.swarm->reserved_nano_cpus == 500'000'000);
  CHECK(web.swarm->restart_delay == Milliseconds(2000));
  CHECK(web.swarm->restart_window == Milliseconds(60'000));
  CHECK_FALSE(web.ports[0].host_mode);
  CHECK(web.ports[1].host_mode);
}

TEST_CASE("a group that the job names decides whether a file is read for a swarm") {
  std::string text = shop;
  text.replace(text.find("[cluster]"), 9, "[hosts]");
  CHECK_FALSE(decode_swarm(text));
  CHECK(decode_swarm(text, "cluster"));
  const auto for_hosts = decode_swarm(shop, "hosts");
  REQUIRE_FALSE(for_hosts);
  CHECK_THAT(for_hosts.error().hint, Catch::Contains("`rollback_config`") && Catch::Contains("`placement`"));
}

TEST_CASE("what a swarm can't honour is an error with its place") {
  const std::string text = R"(name: shop
services:
  web:
    image: a
    shm_size: 64m
    pull_policy: never
    depends_on: {b: {condition: service_completed_successfully}}
    ports: ["192.0.2.1:80:80", "8000-8010:80"]
    x-slipway:
      route: {host: shop.example}
networks: {default: {driver: bridge}}
x-slipway:
  targets: [cluster]
  strategy: canary
  steps: [1]
  hooks: {start: {run: [a]}}
  migrate: {run: [a], kind: expand}
  gate: {command: {run: [a]}}
)";
  const std::string errors = errors_of(text);
  for (const char* part :
       {"5:5: error: a swarm can't honour `shm_size`", "6:18: error: the nodes of a swarm pull by digest",
        "7:33: error: a swarm's services run on", "8:13: error: a swarm publishes one port on all addresses",
        "8:32: error: a swarm publishes one port on all addresses", "10:7: error: a swarm can't honour `route`",
        "11:30: error: the networks of a swarm are overlays", "14:3: error: a swarm can't honour `strategy`",
        "15:3: error: a swarm can't honour `steps`", "16:3: error: a swarm can't honour `hooks`",
        "17:3: error: a swarm can't honour `migrate`", "18:10: error: a swarm can't honour `command`"}) {
    CHECK_THAT(errors, Catch::Contains(part));
  }
  CHECK_THAT(errors_of("name: a\nservices: {web: {image: a}}\nx-slipway: {targets: [cluster, others]}\n"),
             Catch::Contains("3:23: error: a swarm is a target of its own"));
}

TEST_CASE("a service is asked for with its own settings, and its volumes are made by the nodes") {
  const auto application = decode_swarm(shop);
  REQUIRE(application);
  const Maker maker{"fleet1", 9};
  const auto web = swarm::service_spec(*application, application->services[0], wanted_web(), maker, {});
  CHECK(web.name == "shop_web");
  CHECK(web.update->failure_action == "pause");
  CHECK(web.rollback->failure_action == "continue");
  CHECK(web.rollback->order == "stop-first");  // it holds a port of the node
  CHECK(web.restart.condition == "on-failure");
  CHECK(web.labels.at("dev.slipway.application") == "shop");
  CHECK(web.labels.at("dev.slipway.digest") == "sha256:4");
  CHECK(web.labels.at("team") == "shop");
  CHECK(web.task.labels.at("dev.slipway.spec-hash") == "hash4");
  CHECK(web.task.labels.at("dev.slipway.application").empty());  // whatever its image says
  Wanted wanted_db{"shop_db", "db", 0, 1, "h", "db@sha256:1"};
  const auto db = swarm::service_spec(*application, application->services[1], wanted_db, maker, {});
  REQUIRE(db.task.mounts.size() == 1);
  CHECK(db.task.mounts[0].source == "shop_data");
  CHECK(db.task.mounts[0].driver_options == std::map<std::string, std::string>{{"type", "nfs"}});
  CHECK(db.update->order == "stop-first");
  CHECK(db.update->failure_action == "rollback");
  CHECK(db.rollback->failure_action == "pause");
}

TEST_CASE("another content of a secret has another name, which fits into what a swarm allows") {
  CHECK(swarm::file_name("shop", "password", "a") != swarm::file_name("shop", "password", "b"));
  CHECK(swarm::file_name("shop", "password", "a") == swarm::file_name("shop", "password", "a"));
  CHECK(swarm::file_name(std::string(63, 'a'), std::string(63, 'b'), "c").size() == 64);
}

TEST_CASE("a service has settled when it is as asked, is not in the middle of an update, and all tasks run") {
  CHECK(judged(running_web()).kind == Kind::settled);
  CHECK(judged(running_web()).tasks == std::vector<std::string>{"t1running", "t2running"});

  swarm::ServiceView updating = running_web();
  updating.service.update.state = State::updating;
  CHECK(judged(updating).kind == Kind::wait);

  swarm::ServiceView one_missing = running_web();
  one_missing.tasks[1] = task(2, "pending", wanted_web(), "no suitable node");
  CHECK(judged(one_missing).kind == Kind::wait);
  CHECK(judged(one_missing).reason ==
        "service web: 1 of 2 tasks run; a task on node alpha is pending: no suitable node");

  swarm::ServiceView of_before = running_web();
  Wanted before = wanted_web();
  before.generation = 3;
  of_before.tasks[1].labels = made_for(before);
  CHECK(judged(of_before).kind == Kind::wait);
}

TEST_CASE(
    "a service has failed when the swarm paused or took back its update, somebody changed it, or it fails again and "
    "again") {
  for (const State state : {State::paused, State::rollback_paused}) {
    swarm::ServiceView paused = running_web();
    paused.service.update = {state, "too many"};
    paused.tasks[1] = task(2, "failed", wanted_web(), "non-zero exit (3)");
    CHECK(judged(paused).kind == Kind::failed);
    CHECK(judged(paused).reason ==
          "service web: the swarm has paused its update: too many; a task on node alpha "
          "failed: non-zero exit (3)");
    CHECK(judged(paused).failed_task == "t2failed");
  }
  Wanted before = wanted_web();
  before.spec_hash = "hash3";
  for (const State state : {State::rollback_started, State::rollback_completed}) {
    swarm::ServiceView back = running_web();
    back.service.labels = made_for(before);
    back.service.update = {state, {}};
    CHECK(judged(back).kind == Kind::failed);
    CHECK(judged(back).reason == "service web: the swarm has rolled it back");
  }
  swarm::ServiceView changed = running_web();
  changed.service.labels = made_for(before);
  CHECK(judged(changed).reason == "service web: somebody has changed it meanwhile");

  swarm::ServiceView flaps = running_web();
  flaps.tasks = {task(1, "running", wanted_web())};
  for (int i = 0; i < 3; ++i) flaps.tasks.push_back(task(2, "failed", wanted_web()));
  CHECK(judged(flaps).kind == Kind::wait);
  flaps.tasks.push_back(task(2, "rejected", wanted_web()));
  CHECK(judged(flaps).kind == Kind::failed);

  swarm::ServiceView once = running_web();
  once.service.spec = R"({"TaskTemplate":{"RestartPolicy":{"Condition":"none"}}})";
  once.tasks = {task(1, "running", wanted_web()), task(2, "failed", wanted_web())};
  CHECK(judged(once).kind == Kind::failed);
}

TEST_CASE("a global service runs on all nodes that have a task, and on one at least") {
  swarm::ServiceView view = running_web();
  view.service.global = true;
  view.service.replicas = 0;
  view.tasks.clear();
  CHECK(judged(view).kind == Kind::wait);
  for (const char* node : {"n1", "n2"}) {
    view.tasks.push_back(task(0, "running", wanted_web()));
    view.tasks.back().node = node;
  }
  CHECK(judged(view).kind == Kind::settled);
  CHECK(judged(view).wanted == 2);
}

TEST_CASE(
    "a rollout asks once: not again for what the swarm has gone back from, but for what another rollout left paused") {
  const Wanted wanted = wanted_web();
  CHECK(swarm::was_asked(running_web(), wanted, 9));
  CHECK(swarm::was_asked(running_web(), wanted, 10));

  swarm::ServiceView paused = running_web();
  paused.service.update.state = State::paused;
  CHECK(swarm::was_asked(paused, wanted, 9));
  CHECK_FALSE(swarm::was_asked(paused, wanted, 10));

  Wanted before = wanted;
  before.spec_hash = "hash3";
  swarm::ServiceView back = running_web();
  back.service.labels = made_for(before, 5);
  back.tasks = {task(1, "running", before), task(1, "failed", wanted)};
  CHECK(swarm::was_asked(back, wanted, 9));
  CHECK_FALSE(swarm::was_asked(back, wanted, 10));
  back.tasks.pop_back();
  CHECK_FALSE(swarm::was_asked(back, wanted, 9));
}

TEST_CASE("the time that a swarm may take grows with its batches, and adds up where services wait for one another") {
  auto application = decode_swarm(shop);
  REQUIRE(application);
  // web: 50 batches of 2 min + 5 s delay + 5 s monitor + 10 s grace; db: one batch.
  const Milliseconds web = std::chrono::seconds(140) * 50;
  const Milliseconds db = std::chrono::seconds(135);
  CHECK(swarm::time_to_settle(*application, 3) == web + db);
  application->services[0].depends_on.clear();
  CHECK(swarm::time_to_settle(*application, 3) == web);
  application->services[0].swarm->global = true;
  CHECK(swarm::time_to_settle(*application, 3) == Milliseconds(std::chrono::seconds(140)) * 2);
}

TEST_CASE("where the file says pause, a failed update is left as it is") {
  swarm::SwarmPlanInput input;
  input.swarm = "cluster";
  input.application = *decode_swarm(shop);
  input.wanted = {wanted_web(), {"shop_db", "db", 0, 1, "h", "db@sha256:1"}};
  input.services = {running_web()};
  const Plan plan = swarm::make_swarm_plan(input);
  CHECK(plan.pace.scope == BackScope::none);
  REQUIRE(plan.hosts.size() == 1);
  CHECK(plan.hosts[0].create == std::vector<std::string>{"shop_db"});
  CHECK(plan.hosts[0].keep == std::vector<std::string>{"shop_web"});
  CHECK(plan.notes.size() == 1);
}

TEST_CASE("what somebody changed in a service is told by where it stands in the service") {
  const auto application = decode_swarm(shop);
  REQUIRE(application);
  const auto asked = swarm::service_spec(*application, application->services[0], wanted_web(), Maker(), {});
  Json there = service_body(asked, docker::ApiVersion{1, 41});
  there["TaskTemplate"]["ContainerSpec"]["Isolation"] = "default";
  there["TaskTemplate"]["Networks"][0]["Target"] = "an id";
  CHECK(swarm::changes_of(dump_json(there), asked).empty());
  there["Mode"]["Replicated"]["Replicas"] = 5;
  there["TaskTemplate"]["ContainerSpec"]["Env"] = {"DEBUG=1"};
  const auto changes = swarm::changes_of(dump_json(there), asked);
  REQUIRE(changes.size() == 2);
  CHECK(changes[0] == "Mode.Replicated.Replicas is 5, not 100");
  CHECK(changes[1] == "TaskTemplate.ContainerSpec.Env is [\"DEBUG=1\"], and nobody asked for it");
}
