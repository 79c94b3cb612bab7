// Real rollouts to the rig's three hosts: what they serve is asked for over HTTP, what they run is listed.
#include <algorithm>
#include <filesystem>

#include <catch2/catch.hpp>

#include "base/ids.hpp"
#include "orchestrator/rollouts/inventory.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "tests/integration/rollouts/fleet/cut_off.hpp"
#include "tests/integration/rollouts/fleet/parts.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// As if generation 2 had been healed that often.
Result<void> add_healings(store::Transaction& tx, const std::string& application, int count) {
  store::Rollouts rollouts(tx);
  for (int i = 0; i < count; ++i) {
    store::Rollout rollout;
    rollout.application = application;
    rollout.generation = 2;
    rollout.kind = "heal";
    const auto id = rollouts.add(rollout);
    if (!id) return fail(id.error());
    const auto fence = rollouts.lease(*id, Time());
    if (!fence) return fail(fence.error());
    store::RolloutProgress progress;
    progress.state = "succeeded";
    progress.ended = true;
    if (auto saved = rollouts.save(*id, *fence, progress); !saved) return saved;
  }
  return {};
}

awaitable<Result<std::vector<HostStatus>>> seen(HostDirectory& hosts) {
  co_return co_await hosts.status();
}

/// The running container of each host, and since when it runs.
std::vector<std::string> since_when(Scene& scene) {
  std::vector<std::string> all;
  for (const char* host : {"h1", "h2", "h3"}) {
    for (const std::string& name : scene.running(host)) {
      docker::Containers& containers = (*scene.fleet->hosts->engine(host))->containers();
      const auto there = scene.fleet->run(containers.inspect(name));
      REQUIRE(there);
      REQUIRE(there->state.started_at);
      all.push_back(there->id + " since " + std::to_string(there->state.started_at->time_since_epoch().count()));
    }
  }
  return all;
}

}  // namespace

TEST_CASE("a rollout tells what each host has pulled") {
  Scene scene("ro-pulls");
  scene.fleet->transfer_lines = Milliseconds(0);
  scene.fleet->restart();
  const std::string image = push_files_image(*scene.fleet, "pulls", {{"index.html", random_hex(8)}});
  CHECK(scene.fleet->roll_out(scene.compose(), image).state == "succeeded");
  const std::string shown = image.substr(0, image.find("sha256:") + 19);
  for (const std::string host : {"h1", "h2", "h3"}) {
    CHECK(scene.said("host " + host + ": pulling " + shown + ": "));
    CHECK(scene.said("host " + host + ": pulled " + shown + " in "));
  }
}

TEST_CASE("a rollout brings all three hosts to the new version and keeps the old containers, stopped") {
  Scene scene("ro-success");
  const std::string one = push_web_image(*scene.fleet, "success-1", "one");
  const std::string two = push_web_image(*scene.fleet, "success-2", "two");

  const auto first = scene.fleet->roll_out(scene.compose(), one);
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");
  CHECK(scene.served() == thrice("one"));

  const auto second = scene.fleet->roll_out(scene.compose(), two);
  INFO(second.reason);
  REQUIRE(second.state == "succeeded");
  CHECK(scene.served() == thrice("two"));
  CHECK(scene.said("since the host's port 8080 is taken by the old container"));
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(scene.running(host) == std::vector<std::string>{"ro-success-web-g2-1"});
    CHECK(scene.fleet->shown(host, "ro-success").size() == 2);
  }

  SECTION("rolled out again, nothing has to be done") {
    const auto before = since_when(scene);
    const auto again = scene.fleet->roll_out(scene.compose(), two);
    CHECK(again.state == "succeeded");
    CHECK(before.size() == 3);
    CHECK(since_when(scene) == before);
    CHECK(scene.served() == thrice("two"));
  }
  SECTION("a rollback starts the kept containers, within seconds") {
    const auto begin = std::chrono::steady_clock::now();
    const auto id = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-success", "ann"));
    REQUIRE(id);
    const auto back = scene.fleet->wait(*id);
    const auto took = std::chrono::steady_clock::now() - begin;
    INFO(back.reason);
    CHECK(back.state == "succeeded");
    CHECK(scene.served() == thrice("one"));
    CHECK(scene.running("h3") == std::vector<std::string>{"ro-success-web-g1-1"});
    CHECK(took < std::chrono::seconds(10));
    const auto nothing = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-success", "ann"));
    REQUIRE_FALSE(nothing);
    CHECK(nothing.error().message == "ro-success has no earlier generation to go back to");
  }
  SECTION("behind any number of healings a rollback finds its generation, and the containers it needs are kept") {
    auto heal = [](store::Transaction& tx) { return add_healings(tx, "ro-success", 250); };
    REQUIRE(scene.fleet->run(scene.fleet->store->write(std::move(heal))));
    const auto redeployed = scene.fleet->run(scene.fleet->rollouts->redeploy("ro-success", false, "ann"));
    REQUIRE(redeployed);
    CHECK(scene.fleet->wait(*redeployed).state == "succeeded");
    CHECK(scene.fleet->shown("h2", "ro-success").size() == 2);
    const auto id = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-success", "ann"));
    REQUIRE(id);
    CHECK(scene.fleet->wait(*id).state == "succeeded");
    CHECK(scene.served() == thrice("one"));
  }
  SECTION("containers older than the kept generation are pruned") {
    const auto third = scene.fleet->roll_out(scene.compose(), push_web_image(*scene.fleet, "success-3", "three"));
    REQUIRE(third.state == "succeeded");
    const auto left = scene.fleet->shown("h2", "ro-success");
    REQUIRE(left.size() == 2);
    CHECK(std::none_of(left.begin(), left.end(), [](const Shown& old) { return old.generation == 1; }));
  }
}

TEST_CASE("a new version that is unhealthy on the second of three hosts ends with all three serving the old one") {
  Scene scene("ro-unhealthy");
  const std::string volume = "    volumes: [\"marker:/marker:ro\"]\n";
  std::string compose = scene.compose();
  compose.insert(compose.find("x-slipway"), volume + "volumes: {marker: {}}\n");
  const auto first = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "unhealthy-1", "old"));
  INFO(first.reason);
  REQUIRE(first.state == "succeeded");

  // Only the second host's volume has the file that the new version can't stand.
  auto engine = *scene.fleet->hosts->engine("h2");
  docker::ContainerSpec spec(scene.fleet->shown("h2", "ro-unhealthy")[0].image);
  spec.name = "ro-unhealthy-marker";
  spec.labels = {{std::string(label::application), "ro-unhealthy"}};
  spec.command = {{"touch", "/marker/bad"}};
  docker::Mount mount;
  mount.source = "ro-unhealthy_marker";
  mount.target = "/marker";
  spec.mounts = {mount};
  REQUIRE(scene.fleet->run(engine->containers().create(std::move(spec))));
  REQUIRE(scene.fleet->run(engine->containers().start("ro-unhealthy-marker")));
  REQUIRE(scene.fleet->run(engine->containers().wait("ro-unhealthy-marker")));

  const auto second = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "unhealthy-2", "new", true));
  CHECK(second.state == "rolled_back");
  CHECK_THAT(second.reason, Catch::StartsWith("host h2: container ro-unhealthy-web-g2-1: the HTTP gate did not pass"));
  CHECK(scene.served() == thrice("old"));
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(scene.running(host) == std::vector<std::string>{"ro-unhealthy-web-g1-1"});
  }
  CHECK(scene.said("host h1: rolled_back"));
  CHECK_FALSE(scene.said("host h3: created"));
}

TEST_CASE("the last lines of a container that exits are in the rollout's evidence") {
  Scene scene("ro-exits");
  std::string compose = scene.compose();
  compose.insert(compose.find("    ports"), "    restart: \"no\"\n    command: \"sh -c 'echo no database; exit 3'\"\n");
  const auto rollout = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "exits", "x"));
  CHECK(rollout.state == "rolled_back");
  CHECK_THAT(rollout.reason, Catch::EndsWith("container ro-exits-web-g1-1: exited with code 3"));
  const auto hosts = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::hosts, rollout.id));
  REQUIRE(hosts);
  const auto h1 = std::find_if(hosts->begin(), hosts->end(), [](const auto& host) { return host.host == "h1"; });
  REQUIRE(h1 != hosts->end());
  CHECK_THAT(h1->detail, Catch::Contains("no database"));
  CHECK(scene.fleet->shown("h1", "ro-exits").empty());
}

TEST_CASE("a tag that is moved between push and rollout does not matter: hosts run the digest that was pushed") {
  Scene scene("ro-tag");
  const std::string tested = push_web_image(*scene.fleet, "moved", "tested");
  const std::string other = push_web_image(*scene.fleet, "moved", "evil");
  REQUIRE(tested != other);
  const auto rollout = scene.fleet->roll_out(scene.compose(), tested);
  INFO(rollout.reason);
  REQUIRE(rollout.state == "succeeded");
  CHECK(scene.served() == thrice("tested"));
  CHECK(tested.ends_with(scene.fleet->shown("h1", "ro-tag")[0].digest));
}

TEST_CASE("a foreign image is pinned by the digest that its tag has when the rollout is asked for") {
  Scene scene("ro-pin");
  const std::string image = push_web_image(*scene.fleet, "foreign", "pinned");
  std::string compose = scene.compose();
  compose.insert(compose.find("    ports"), "    image: " + image.substr(0, image.find('@')) + ":foreign\n");
  const auto rollout = scene.fleet->roll_out(compose, "");
  INFO(rollout.reason);
  REQUIRE(rollout.state == "succeeded");
  CHECK(image.ends_with(scene.fleet->shown("h3", "ro-pin")[0].digest));
}

TEST_CASE("services start after those that they need to be healthy, with their secrets in place") {
  Scene scene("ro-services");
  scene.fleet->secrets.values["DB_PASSWORD"] = "opensesame";
  const std::string image = push_web_image(*scene.fleet, "services", "x");
  const std::string compose = R"(name: ro-services
services:
  web:
    command: ["sh", "-c", "cat /run/secrets/password > /tmp/index.html && wget -qO- http://db:8080/ >> /tmp/index.html && exec httpd -f -p 8080 -h /tmp"]
    ports: ["8080:8080"]
    depends_on: {db: {condition: service_healthy}}
    secrets: [password]
  db:
    image: )" + image + R"(
    healthcheck: {test: "wget -q -O /dev/null http://127.0.0.1:8080/", interval: 200ms}
    networks: [default, back]
networks: {back: {internal: true}}
secrets: {password: {environment: DB_PASSWORD}}
x-slipway: {targets: [h1], min_healthy_time: 100ms, health_deadline: 20s, gate: {http: {port: 8080, interval: 200ms}}}
)";
  const auto rollout = scene.fleet->roll_out(compose, image);
  INFO(rollout.reason);
  REQUIRE(rollout.state == "succeeded");
  CHECK(scene.fleet->served("h1", 8080) == "opensesamex");
  const auto inspected =
      scene.fleet->run((*scene.fleet->hosts->engine("h1"))->containers().inspect("ro-services-db-g1-1"));
  REQUIRE(inspected);
  CHECK(inspected->networks.size() == 2);
}

TEST_CASE("folders of configs that the image lacks are made, those it has stay as they are, and links stay inside") {
  Scene scene("ro-folders");
  const std::string image = push_image(
      *scene.fleet, "folders", "1",
      "FROM busybox:latest\nSTOPSIGNAL SIGKILL\nRUN mkdir -p /private /var/lib && chmod 0710 /private && "
      "ln -s /not/there /var/link && ln -s ../../../../../../out /climbs && ln -s /private /absolute\n"
      "CMD [\"sh\", \"-c\", \"mkdir -p /www && echo $(stat -c '%n %a %u %g' /etc/app /etc/app/conf.d /private "
      "/private/sub /not/there /not/there/it /out/it; cat /etc/app/conf.d/a /private/sub/b /not/there/it/c /out/it/d "
      "/private/e) > /www/index.html && exec httpd -f -p 8080 -h /www\"]\n");
  const std::string compose = R"(name: ro-folders
services:
  web:
    ports: ["8080:8080"]
    configs:
      - {source: text, target: /etc/app/conf.d/a}
      - {source: text, target: /private/sub/b}
      - {source: text, target: /var/link/it/c}
      - {source: text, target: /climbs/it/d}
      - {source: text, target: /absolute/e}
configs: {text: {content: "here."}}
x-slipway: {targets: [h1], min_healthy_time: 200ms, health_deadline: 20s, gate: {http: {port: 8080, interval: 200ms}}}
)";
  const auto rollout = scene.fleet->roll_out(compose, image);
  INFO(rollout.reason);
  REQUIRE(rollout.state == "succeeded");
  CHECK(scene.fleet->served("h1", 8080) ==
        "/etc/app 755 0 0 /etc/app/conf.d 755 0 0 /private 710 0 0 /private/sub 755 0 0 /not/there 755 0 0 "
        "/not/there/it 755 0 0 /out/it 755 0 0 here.here.here.here.here.");
}

TEST_CASE("a container whose user its host does not know has secrets of the owner that the file names") {
  Scene scene("ro-user");
  scene.fleet->secrets.values["WORD"] = "sesame";
  const std::string compose = R"(name: ro-user
services:
  web:
    user: "1234:1235"
    ports: ["8080:8080"]
    command: [sh, -c, "mkdir /tmp/www && cat /run/secrets/word > /tmp/www/index.html && exec httpd -f -p 8080 -h /tmp/www"]
    secrets: [{source: word, uid: "1234", gid: "0", mode: "0400"}]
secrets: {word: {environment: WORD}}
x-slipway: {targets: [h1], min_healthy_time: 200ms, health_deadline: 20s, gate: {http: {port: 8080, interval: 200ms}}}
)";
  const auto rollout = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "user", "unused"));
  INFO(rollout.reason);
  REQUIRE(rollout.state == "succeeded");
  CHECK(scene.fleet->served("h1", 8080) == "sesame");
}

TEST_CASE("a rollout that fails by a changed secret goes back to containers that have the one they were made with") {
  Scene scene("ro-oldsecret");
  scene.fleet->secrets.values["WORD"] = "good";
  std::string compose = scene.compose();
  compose.insert(compose.find("    stop_grace_period"),
                 "    secrets: [word]\n    healthcheck: {test: \"grep -q good /run/secrets/word\", interval: 200ms, "
                 "timeout: 5s, retries: 1}\n");
  compose += "secrets: {word: {environment: WORD}}\n";
  const std::string image = push_web_image(*scene.fleet, "oldsecret", "one");
  REQUIRE(scene.fleet->roll_out(compose, image).state == "succeeded");
  scene.fleet->secrets.values["WORD"] = "bad";
  const auto failed = scene.fleet->roll_out(compose, image);
  INFO(failed.reason);
  CHECK(failed.state == "rolled_back");
  CHECK(scene.served() == thrice("one"));
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(scene.running(host) == std::vector<std::string>{"ro-oldsecret-web-g1-1"});
  }
}

TEST_CASE("a container that removes its secret once it has read it is given it again when it is started again") {
  Scene scene("ro-readonce");
  scene.fleet->secrets.values["WORD"] = "sesame";
  std::string compose = scene.compose();
  compose.insert(
      compose.find("    stop_grace_period"),
      "    secrets: [word]\n    command: [sh, -c, \"mkdir -p /www && cp /run/secrets/word /www/index.html && "
      "rm /run/secrets/word && exec httpd -f -p 8080 -h /www\"]\n");
  compose += "secrets: {word: {environment: WORD}}\n";
  REQUIRE(scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "readonce-1", "one")).state == "succeeded");
  std::string broken = compose;
  broken.replace(broken.find("rm /run"), 2, "false");
  const auto failed = scene.fleet->roll_out(broken, push_web_image(*scene.fleet, "readonce-2", "two"));
  INFO(failed.reason);
  CHECK(failed.state == "rolled_back");
  CHECK(scene.served() == thrice("sesame"));
  for (const char* host : {"h1", "h2", "h3"}) {
    CHECK(scene.running(host) == std::vector<std::string>{"ro-readonce-web-g1-1"});
  }
}

TEST_CASE("start-first starts the new containers before it stops the old, which stay stopped") {
  Scene scene("ro-startfirst");
  const std::string compose = R"(name: ro-startfirst
services: {web: {ports: ["8080"], restart: always, deploy: {replicas: 2}}}
x-slipway: {targets: [h1, h2], strategy: all, min_healthy_time: 200ms, health_deadline: 10s}
)";
  REQUIRE(scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "sf-1", "1")).state == "succeeded");
  const auto second = scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "sf-2", "2"));
  INFO(second.reason);
  REQUIRE(second.state == "succeeded");
  CHECK(scene.said("start-first"));
  auto names = scene.running("h2");
  std::sort(names.begin(), names.end());
  CHECK(names == std::vector<std::string>{"ro-startfirst-web-g2-1", "ro-startfirst-web-g2-2"});
  // A restart of the host's engine must not wake what was stopped.
  const auto old =
      scene.fleet->run((*scene.fleet->hosts->engine("h1"))->containers().inspect("ro-startfirst-web-g1-1"));
  const auto fresh =
      scene.fleet->run((*scene.fleet->hosts->engine("h1"))->containers().inspect("ro-startfirst-web-g2-1"));
  REQUIRE(old);
  REQUIRE(fresh);
  CHECK(*fresh->state.started_at < *old->state.finished_at);
  CHECK(old->config.restart.kind == docker::RestartPolicy::Kind::no);
}

TEST_CASE("status tells wanted from actual for each host, and logs come from all of them") {
  Scene scene("ro-status");
  std::string compose = scene.compose();
  compose.insert(compose.find("    ports"),
                 "    command: [sh, -c, \"mkdir /www; echo up >&2; exec httpd -f -p 8080 -h /www\"]\n");
  compose.replace(compose.find("gate: {http: {"), 14, "gate: {http: {status: 404, ");
  REQUIRE(scene.fleet->roll_out(compose, push_web_image(*scene.fleet, "status", "x")).state == "succeeded");
  Parts parts = parts_of(*scene.fleet);
  Inventory inventory(parts);
  auto status = scene.fleet->run(inventory.status("ro-status"));
  REQUIRE(status);
  CHECK(status->summary.promoted == 1);
  REQUIRE(status->hosts.size() == 3);
  for (const auto& host : status->hosts) CHECK(host.state == "ok");

  REQUIRE(scene.fleet->run((*scene.fleet->hosts->engine("h2"))->containers().kill("ro-status-web-g1-1")));
  status = scene.fleet->run(inventory.status("ro-status"));
  REQUIRE(status);
  CHECK(status->hosts[0].state == "ok");
  CHECK(status->hosts[1].state == "drifted");
  CHECK(status->hosts[1].reason == "container ro-status-web-g1-1 does not run");

  const auto logs = scene.fleet->run(inventory.logs("ro-status", "web", "", 10));
  REQUIRE(logs);
  CHECK(logs->unread.empty());
  REQUIRE(logs->lines.size() == 2);
  CHECK(logs->lines[0].host == "h1");
  CHECK(logs->lines[0].stream == "stderr");
  CHECK(logs->lines[0].text == "up");
  CHECK(scene.fleet->run(inventory.logs("ro-status", "", "h9", 10)).error().kind == Error::Kind::not_found);
  {
    const CutOff cut(*scene.fleet, "h1");
    const auto rest = scene.fleet->run(inventory.logs("ro-status", "", "", 10));
    REQUIRE(rest);
    REQUIRE(rest->unread.size() == 1);
    CHECK(rest->unread[0].host == "h1");
    REQUIRE(rest->lines.size() == 1);
    CHECK(rest->lines[0].host == "h3");
    CHECK_FALSE(scene.fleet->run(inventory.logs("ro-status", "", "h1", 10)));
  }
  const auto hosts = scene.fleet->run(seen(*scene.fleet->hosts));
  CHECK(std::all_of(hosts->begin(), hosts->end(), [](const HostStatus& host) { return host.reachable; }));
  CHECK((*hosts)[0].applications.at("ro-status") == 1);
}

TEST_CASE("a second rollout of the same application waits for the first") {
  Scene scene("ro-queue");
  const std::string one = push_web_image(*scene.fleet, "queue-1", "one");
  const std::string two = push_web_image(*scene.fleet, "queue-2", "two");
  const auto first = scene.fleet->begin(scene.compose(), one);
  const auto second = scene.fleet->begin(scene.compose(), two);
  REQUIRE(first);
  REQUIRE(second);
  const auto ended = scene.fleet->wait(*second);
  CHECK(ended.state == "succeeded");
  CHECK(scene.said("waits behind rollout " + to_string(*first)));
  CHECK(scene.fleet->wait(*first).state == "succeeded");
  CHECK(scene.served() == thrice("two"));
}

TEST_CASE("a rollout in work turns round at a person's word") {
  Scene scene("ro-turn");
  scene.fleet->settle(scene.compose(), push_web_image(*scene.fleet, "turn-1", "one"));
  const auto id =
      scene.fleet->begin(scene.compose("  min_healthy: 0\n"), push_web_image(*scene.fleet, "turn-2", "two"));
  REQUIRE(id);
  scene.fleet->run_until([&] { return scene.fleet->served("h1", 8080) == "two"; });
  const auto same = scene.fleet->run(scene.fleet->rollouts->roll_back("ro-turn", "ann"));
  REQUIRE(same);
  CHECK(*same == *id);
  const auto ended = scene.fleet->wait(*id);
  CHECK(ended.state == "rolled_back");
  CHECK(ended.reason == "asked for by ann");
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("a Compose file that can't be is refused before anything is stored, with every mistake") {
  Scene scene("ro-refused");
  const auto id =
      scene.fleet->begin("name: ro-refused\nservices: {web: {image: a, privileged: true, pid: host}}\n", "");
  REQUIRE_FALSE(id);
  CHECK(id.error().kind == Error::Kind::invalid);
  CHECK_THAT(id.error().hint, Catch::Contains("privileged") && Catch::Contains("pid"));
  const auto open = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::open));
  CHECK(open->empty());
}
