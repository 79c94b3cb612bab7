#include <cstdlib>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/compose/ports.hpp"
#include "orchestrator/rollouts/service_spec.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

const std::string folder = "tests/unit/rollouts/testdata/";

Result<Application> decode_file(const std::string& text, Variables variables = {}, ComposeRules rules = {}) {
  ComposeText file;
  file.text = text;
  file.variables = std::move(variables);
  return decode_compose(file, rules);
}

/// A file with one service that has `lines`, indented by four.
std::string with_service(const std::string& lines) {
  return "name: shop\nservices:\n  web:\n    image: a\n" + lines + "x-slipway: {targets: [all]}\n";
}

Json policy_json(const Policy& policy) {
  Json json = {{"targets", policy.targets},
               {"batch", {policy.batch->number, policy.batch->percent}},
               {"min_healthy", {policy.min_healthy->number, policy.min_healthy->percent}},
               {"order", policy.order ? Json(name_of(*policy.order)) : Json()},
               {"on_failure", name_of(policy.on_failure)},
               {"max_failure_ratio", policy.max_failure_ratio},
               {"delay", policy.delay.count()},
               {"monitor", policy.monitor.count()},
               {"min_healthy_time", policy.min_healthy_time.count()},
               {"health_deadline", policy.health_deadline.count()},
               {"keep", policy.keep}};
  json["gate"] = {{"service", policy.gate->service},
                  {"path", policy.gate->path},
                  {"port", policy.gate->port},
                  {"status", policy.gate->status},
                  {"interval", policy.gate->interval.count()},
                  {"timeout", policy.gate->timeout.count()}};
  return json;
}

/// All that the Engine would be asked for, and the policy.
std::string as_golden(const Application& application) {
  Maker maker;
  maker.instance = "a1b2c3d4";
  maker.rollout = 9;
  Json all;
  for (const Service& service : application.services) {
    Wanted wanted;
    wanted.service = service.name;
    wanted.generation = 7;
    wanted.name = container_name(application.name, service.name, 7, 1);
    wanted.image = "registry.example/shop/" + service.name + "@sha256:abc";
    wanted.spec_hash = "hash";
    all["containers"][service.name] = create_body(container_spec(application, service, wanted, maker), {1, 41});
  }
  for (const Network& network : application.networks) {
    all["networks"][network.key] = create_body(network_spec(application, network, maker));
  }
  for (const Volume& volume : application.volumes) {
    const auto spec = volume_spec(application, volume, maker);
    all["volumes"][volume.key] = {{"name", spec.name}, {"driver", spec.driver}, {"labels", spec.labels}};
  }
  all["policy"] = policy_json(application.policy);
  return all.dump(2) + "\n";
}

}  // namespace

TEST_CASE("a Compose file with every honoured key becomes the Engine's requests as recorded") {
  ComposeRules rules;
  rules.bind_roots = {"/srv/shared"};
  const auto application = decode_file(*read_file(folder + "full.yml"), {{"TAG", "1.2"}}, rules);
  if (!application) FAIL(application.error().hint);
  const std::string golden = folder + "full.json";
  if (std::getenv("SLIPWAY_WRITE_GOLDEN") != nullptr) REQUIRE(write_file(golden, as_golden(*application)));
  CHECK(as_golden(*application) == *read_file(golden));
}

TEST_CASE("files of a service are decoded") {
  ComposeRules rules;
  rules.bind_roots = {"/srv/shared"};
  const auto application = decode_file(*read_file(folder + "full.yml"), {{"TAG", "1.2"}}, rules);
  REQUIRE(application);
  const Service& web = application->services[0];
  REQUIRE(web.secrets.size() == 2);
  CHECK(web.secrets[0].target == "/run/secrets/password");
  CHECK(web.secrets[1].target == "/run/secrets/server.key");
  CHECK(web.secrets[1].mode == 0400);
  CHECK(web.secrets[1].uid == 1000);
  CHECK(application->services[2].configs[0].target == "/etc/motd");
  REQUIRE(application->configs.size() == 1);
  CHECK(application->configs[0].value == "welcome to 1.2");
  CHECK(application->secrets[0].kind == FileSource::Kind::secret);
  CHECK(application->secrets[1].value == "SERVER_KEY");
}

TEST_CASE("a service may name the default network beside others, though the file does not") {
  const auto application =
      decode_file("name: shop\nservices: {web: {image: a, networks: [default, back]}}\nnetworks: {back: {}}\n");
  REQUIRE(application);
  std::set<std::string> names;
  for (const Network& network : application->networks) names.insert(network.name);
  CHECK(names == std::set<std::string>{"shop_back", "shop_default"});
}

TEST_CASE("an application of the shortest form has sensible defaults") {
  const auto application = decode_file("name: tiny\nservices: {web: {image: busybox}}\n");
  REQUIRE(application);
  CHECK(application->networks.size() == 1);
  CHECK(application->networks[0].name == "tiny_default");
  CHECK(application->services[0].replicas == 1);
  CHECK(application->policy.on_failure == FailureAction::roll_back);
  CHECK_FALSE(application->policy.batch);
  CHECK(application->policy.keep == 1);
}

TEST_CASE("a service comes back with its host unless its file says otherwise") {
  const auto restart = [](const std::string& line) {
    const auto application = decode_file(with_service(line));
    REQUIRE(application);
    return container_spec(*application, application->services[0], Wanted(), Maker()).restart.kind;
  };
  using Kind = docker::RestartPolicy::Kind;
  CHECK(restart("") == Kind::always);
  CHECK(restart("    restart: unless-stopped\n") == Kind::unless_stopped);
  CHECK(restart("    restart: \"no\"\n") == Kind::no);
  CHECK(restart("    restart: on-failure:3\n") == Kind::on_failure);
  CHECK(restart("    deploy: {restart_policy: {condition: none}}\n") == Kind::no);
}

TEST_CASE("the most careful update_config of all services counts") {
  const auto application = decode_file(*read_file(folder + "full.yml"), {}, ComposeRules{{"/srv/shared"}});
  REQUIRE(application);
  CHECK(application->policy.on_failure == FailureAction::pause);
  CHECK(application->policy.delay == Milliseconds(10'000));
  CHECK(application->policy.max_failure_ratio == 0.25);
  const auto without = decode_file("name: a\nservices:\n  x: {image: b, deploy: {update_config: {parallelism: 0}}}\n");
  REQUIRE(without);
  CHECK(without->policy.batch == Share{0, false});
}

TEST_CASE("what a single host can't honour or slipway does not allow is an error at its place, with a way out") {
  struct Row {
    const char* lines;
    const char* message;  // after "compose.yml:"
    const char* help;
  };
  const auto row = GENERATE(
      Row{"    build: .\n", "5:5: ", "deploy.images"}, Row{"    privileged: true\n", "5:5: ", "power over the host"},
      Row{"    network_mode: host\n", "5:19: of network_mode only `none` is allowed", "`networks` and `ports`"},
      Row{"    network_mode: service:db\n", "5:19: of network_mode only `none` is allowed", "`networks`"},
      Row{"    container_name: x\n", "5:5: ", "slipway names containers"},
      Row{"    pid: host\n", "5:5: ", "into the host"}, Row{"    devices: [/dev/sda]\n", "5:5: ", "into the host"},
      Row{"    env_file: [{path: a.env, format: json}]\n", "5:38: ", "raw"},
      Row{"    env_file: [{required: false}]\n", "5:16: ", "path"},
      Row{"    cap_add: [SYS_ADMIN]\n", "5:15: this capability gives power over the host", "default set"},
      Row{"    cap_add: [ALL]\n", "5:15: this capability gives power over the host", "default set"},
      Row{"    security_opt: [\"seccomp:unconfined\"]\n", "5:20: this option would weaken", "no-new-privileges"},
      Row{"    volumes: [\"/var/run/docker.sock:/s\"]\n", "5:15: applications get no bind mounts", "named volume"},
      Row{"    volumes: [\"./data:/data\"]\n", "5:15: a bind mount needs an absolute path", ""},
      Row{"    volumes: [\"data:relative\"]\n", "5:15: the path in the container must be absolute", ""},
      Row{"    volumes: [\"data:/d:rx\"]\n", "5:15: `rx` is no mode of a volume", "nocopy"},
      Row{"    volumes: [\"data:/d\"]\n", "3:3: service `web` uses a volume that the file does not have", "`volumes`"},
      Row{"    networks: [front]\n", "3:3: service `web` is in a network that the file does not have", "`networks`"},
      Row{"    networks: {front: {ipv4_address: 192.0.2.9}}\n", "5:23: a fixed address can't be held", "by name"},
      Row{"    secrets: [key]\n", "3:3: service `web` uses a secret that the file does not have", "`secrets`"},
      Row{"    depends_on: [wep]\n", "3:3: service `web` depends on a service that the file does not have", "`web`"},
      Row{"    depends_on: [web]\n", "3:3: service `web` is in a circle", ""},
      Row{"    depends_on: {db: {condition: service_completed}}\n", "5:34: ", "service_completed_successfully"},
      Row{"    ports: [\"80:8080\"]\n    deploy: {replicas: 2}\n", "3:3: service `web` has 2 replicas on each host",
          "publish a range"},
      Row{"    ports: [\"80:80\", \"80:81\"]\n", "3:3: the host's port is published twice", ""},
      Row{"    ports: [\"127.0.0.1:80:80\", \"80:81\"]\n", "3:3: the host's port is published twice", ""},
      Row{"    ports: [\"80:x\"]\n", "5:13: a port that is not understood", "8080:80"},
      Row{"    ports: [\"99999\"]\n", "5:13: a port that is not understood", "8080:80"},
      Row{"    ports: [\"90-80:80\"]\n", "5:13: a port that is not understood", "8080:80"},
      Row{"    labels: {dev.slipway.application: x}\n", "5:5: labels below dev.slipway. are slipway's own", ""},
      Row{"    labels: [dev.slipway.application]\n", "5:5: labels below dev.slipway. are slipway's own", ""},
      Row{"    labels: [\"=x\"]\n", "5:14: an item of `labels` has no name", "NAME=value"},
      Row{"    sysctls: [net.core.somaxconn]\n", "5:15: an item of `sysctls` has no value", "NAME: value"},
      Row{"    environment: [HOME]\n", "5:19: an item of `environment` has no value", "own environment"},
      Row{"    environment: {HOME: }\n", "5:19: `HOME` in `environment` has no value", "own environment"},
      Row{"    restart: sometimes\n", "5:14: a restart policy that the Engine does not have", "unless-stopped"},
      Row{"    stop_signal: kill -9\n", "5:5: that is no name of a signal", "SIGTERM"},
      Row{"    healthcheck: {test: [curl, x]}\n", "5:25: a list in `test` begins with CMD", "[CMD, program"},
      Row{"    tmpfs: [\"/run:exec\"]\n", "5:13: `exec` is no option of tmpfs", "size=64m"},
      Row{"    command: echo \"x\n", "5:14: a quote is not closed", "[program, argument]"},
      Row{"    image: other\n", "5:5: ", ""}, Row{"    imagee: other\n", "5:5: ", "`image`"},
      Row{"    deploy: {placement: {}}\n", "5:14: ", "targets"},
      Row{"    deploy: {rollback_config: {order: stop-first}}\n", "5:14: ", "all hosts at once"},
      Row{"    deploy: {restart_policy: {condition: any, max_attempts: 2}}\n", "5:47: the Engine counts attempts", ""},
      Row{"    secrets: [{source: a, target: ../../etc/shadow}]\n", "5:15: secrets are files right below", ""},
      Row{"    read_only: true\n    configs: [a]\n", "6:14: a config can't be put into", "secret"},
      Row{"    hostname: ${HOST}\n", "5:15: variable 'HOST' is not set", "${HOST:-value}"});
  CAPTURE(row.lines);
  const auto application = decode_file(with_service(row.lines));
  REQUIRE_FALSE(application);
  CHECK(application.error().kind == Error::Kind::invalid);
  CHECK_THAT(application.error().message, Catch::StartsWith(std::string("compose.yml:") + row.message));
  CHECK_THAT(application.error().hint, Catch::Contains(row.help));
}

TEST_CASE("who deploys a file may give its application another name, and the file then needs none") {
  ComposeText file;
  file.text = with_service("");
  file.application = "shop-staging";
  CHECK(decode_compose(file, {})->name == "shop-staging");
  file.text = file.text.substr(file.text.find('\n') + 1);
  CHECK(decode_compose(file, {})->name == "shop-staging");
  file.application.clear();
  CHECK_FALSE(decode_compose(file, {}));
}

TEST_CASE("what is wrong at the top of the file is said there") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"services: {web: {image: a}}\n", "compose.yml:1:1: "},
      {"name: Shop\nservices: {web: {image: a}}\n", "compose.yml:1:7: an application's name is made of"},
      {"name: shop\n", "compose.yml:1:1: "},
      {"name: shop\nservices: {}\n", "compose.yml:2:11: an application has from 1 to 64 services"},
      {"name: shop\nservices: {\"we b\": {image: a}}\n", "compose.yml:2:12: a service's name is made of"},
      {"name: shop\ninclude: [x]\nservices: {web: {image: a}}\n", "compose.yml:2:1: "},
      {"name: shop\nservices: {web: {image: a}}\nnetworks: {n: {driver: macvlan}}\n",
       "compose.yml:3:16: slipway makes bridge networks only"},
      {"name: shop\nservices: {web: {image: a}}\nnetworks: {n: {external: true, name: host}}\n",
       "compose.yml:3:12: `host` is the Engine's own network"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {name: slipway-proxy}}\n",
       "compose.yml:3:11: slipway has this name for itself"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {name: slipway-lease-shop-1}}\n",
       "compose.yml:3:11: slipway has this name for itself"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {external: true, name: slip-0123abcd-7-unit-a1}}\n",
       "compose.yml:3:11: slipway has this name for itself"},
      {"name: shop\nservices: {web: {image: a}}\nnetworks: {n: {external: true, name: slip-0123abcd}}\n",
       "compose.yml:3:12: slipway has this name for itself"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {type: none, o: bind, device: /etc}}}\n",
       "compose.yml:3:11: applications get no paths of the host"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {type: none, o: bind, device: .}}}\n",
       "compose.yml:3:11: applications get no paths of the host"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {type: overlay, device: overlay, o: "
       "\"lowerdir=/:/var\"}}}\n",
       "compose.yml:3:11: a volume of this type would reach into the host"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {type: proc, device: proc}}}\n",
       "compose.yml:3:11: a volume of this type would reach into the host"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {type: ext4, device: dev/sda1}}}\n",
       "compose.yml:3:11: a volume of this type would reach into the host"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {type: tmpfs, device: ., o: "
       "\"size=1m,bind\"}}}\n",
       "compose.yml:3:11: this option would reach into the host"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {type: nfs, device: etc, o: "
       "addr=192.0.2.1}}}\n",
       "compose.yml:3:11: `device` names no server"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {type: tmpfs, mountpoint: /etc}}}\n",
       "compose.yml:3:11: slipway does not know this option of a volume"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver: rexray}}\n",
       "compose.yml:3:11: slipway makes volumes of the local driver only"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {labels: {dev.slipway.lease: shop}}}\n",
       "compose.yml:3:15: labels below dev.slipway. are slipway's own"},
      {"name: shop\nservices: {web: {image: a}}\nvolumes: {v: {labels: {com.docker.compose.project: shop}}}\n",
       "compose.yml:3:15: labels below com.docker.compose. are Docker Compose's own"},
      {"name: shop\nservices: {web: {image: a}}\nnetworks: {n: {labels: {dev.slipway.application: x}}}\n",
       "compose.yml:3:16: labels below dev.slipway. are slipway's own"},
      {"name: shop\nservices: {web: {image: a}}\nnetworks: {n: {driver_opts: {com.docker.network.bridge.name: br0}}}\n",
       "compose.yml:3:16: a bridge that the host has already would be joined"},
      {"name: shop\nservices: {web: {image: a, security_opt: [\"label=type:spc_t\"]}}\n",
       "compose.yml:2:43: this option would weaken the container's walls"},
      {"name: shop\nservices: {web: {image: a, labels: {com.docker.compose.project: other}}}\n",
       "compose.yml:2:28: labels below com.docker.compose. are Docker Compose's own"},
      {"name: shop\nservices: {web: {image: a}}\nsecrets: {s: {file: a, environment: B}}\n",
       "compose.yml:3:14: secret `s` must have one source"},
      {"name: shop\nservices: {web: {image: a\n", "compose.yml:"},
      {"", "compose.yml:1:1: "},
      {"- a\n", "compose.yml:1:1: "},
  }));
  CAPTURE(text);
  const auto application = decode_file(text);
  REQUIRE_FALSE(application);
  CHECK_THAT(application.error().message, Catch::StartsWith(message));
}

TEST_CASE(
    "a label without a value is empty, as Compose has it, in a list and in a map, of a service and of what it uses") {
  const std::map<std::string, std::string> expected{{"com.example.bare", ""}, {"com.example.given", "x=y"}};
  const auto labels = GENERATE(as<std::string>(), "labels: [com.example.bare, com.example.given=x=y]",
                               "labels: {com.example.bare: , com.example.given: x=y}");
  CAPTURE(labels);
  const std::string uses = "networks: [n], volumes: [\"v:/v\"], ";
  const auto own = decode_file("name: shop\nservices: {web: {image: a, " + uses + labels + "}}\nnetworks: {n: {" +
                               labels + "}}\nvolumes: {v: {" + labels + "}}\n");
  REQUIRE(own);
  CHECK(own->services.at(0).labels == expected);
  CHECK(own->networks.at(0).labels == expected);
  CHECK(own->volumes.at(0).labels == expected);
  const auto deployed = decode_file(with_service("    deploy: {" + labels + "}\n"));
  REQUIRE(deployed);
  CHECK(deployed->services.at(0).labels == expected);
}

TEST_CASE("volumes in memory and of a file server are made, as they reach nothing of the host") {
  const auto options = GENERATE(as<std::string>(), "type: tmpfs, device: tmpfs, o: \"size=16m,uid=1000\"",
                                "type: nfs, device: \":/export\", o: \"addr=192.0.2.1,rw,nfsvers=4\"",
                                "type: cifs, device: //files/share, o: \"username=a,vers=3.0\"");
  CAPTURE(options);
  CHECK(decode_file("name: shop\nservices: {web: {image: a}}\nvolumes: {v: {driver_opts: {" + options + "}}}\n"));
}

TEST_CASE("a service that others wait for to complete is not restarted, and has no route") {
  const std::string waits =
      "    depends_on: {job: {condition: service_completed_successfully}}\n  job:\n    image: b\n";
  const auto application = decode_file(with_service(waits));
  REQUIRE(application);
  CHECK(application->services[0].depends_on[0].condition == Dependency::Condition::completed);
  CHECK_FALSE(application->services[0].completes);
  CHECK(application->services[1].completes);
  CHECK(application->services[1].restart.name == "no");
  CHECK(decode_file(with_service(waits + "    restart: on-failure:2\n"))->services[1].restart.name == "on-failure");
  const auto endless = decode_file(with_service(waits + "    restart: always\n"));
  REQUIRE_FALSE(endless);
  CHECK_THAT(endless.error().message, Catch::Contains("is to complete, and its restart policy never lets it"));
  CHECK_FALSE(decode_file(with_service(waits + "    expose: [\"80\"]\n    x-slipway: {route: {}}\n")));
}

TEST_CASE("x-slipway's keys of later releases are errors that say so, and its values are checked") {
  const auto [line, message] = GENERATE(table<std::string, std::string>({
      {"route: {host: a}", "unknown key `route`"},
      {"hooks: []", "`hooks`"},
      {"migrate: {run: a}", "`kind`"},
      {"window: x", "`window`"},
      {"window: []", "`window` is a map, or a list"},
      {"window: {days: [mon]}", "`zone`"},
      {"window: {zone: Europe/Berlim}", "there is no time zone 'Europe/Berlim'"},
      {"window: {zone: Etc/UTC, days: [mon-frid]}", "`days` are mon"},
      {"window: {zone: Etc/UTC, from: 9am}", "`from` is a time of day"},
      {"window: {zone: Etc/UTC, to: '24:01'}", "`to` is a time of day"},
      {"window: {zone: Etc/UTC, from: '24:00'}", "`from` is before 24:00"},
      {"window: {zone: Etc/UTC, from: '09:00', to: '09:00'}", "`from` and `to` are the same"},
      {"window: {zone: Etc/UTC, except: [2026-02-30]}", "`except` has dates"},
      {"window: {zone: Etc/UTC, except: [2026-02-03..2026-02-01]}", "`except` has dates"},
      {"window: {zone: Etc/UTC, open: always}", "open"},
      {"approval: x", "`approval`"},
      {"approval: {timeout: 1h}", "`approval` needs `roles`"},
      {"approval: {roles: [Boss]}", "a role's name begins with a letter"},
      {"approval: {roles: [a], count: 0}", "`count`"},
      {"approval: {roles: [a], timeout: 31d}", "`timeout` of an approval is from 1s to 30d"},
      {"approval: {roles: [a], who: b}", "who"},
      {"concurrency: cancel", "`concurrency` can't be `cancel`"},
      {"rollback: failed", "`rollback`"},
      {"rollback: {scope: some}", "`scope`"},
      {"drift: mend", "`drift`"},
      {"drift: {action: mend}", "`action`"},
      {"drift: {interval: 1s}", "`interval` is from 5s to 24h"},
      {"drift: {interval: 25h}", "`interval` is from 5s to 24h"},
      {"drift: {every: 1m}", "every"},
      {"strategy: canary", "`steps`"},
      {"strategy: linear", "`step`"},
      {"steps: [10%]", "`steps` is for `strategy: canary`"},
      {"bake: 5m", "`bake` is for blue-green, canary and linear"},
      {"strategy: canary\n  steps: [50%, 10%]", "each of `steps` is more than the one before"},
      {"strategy: canary\n  steps: [100%]", "less than all"},
      {"strategy: canary\n  steps: [1, 50%]", "all numbers of hosts or all shares"},
      {"strategy: canary\n  steps: []", "`steps` is a list"},
      {"strategy: linear\n  step: 0%", "at least one host"},
      {"strategy: canary\n  steps: [1]\n  switch: manual", "`switch` is for `strategy: blue-green`"},
      {"strategy: fastest", "strategy"},
      {"gate: {metrics: {}}", "`source`"},
      {"gate: {http: {path: /x}}", "port"},
      {"gate: {http: {path: x, port: 80}}", "`path` begins with '/'"},
      {"gate: {http: {path: /x, port: 81}}", "no service publishes"},
      {"min_healthy: lots", "`min_healthy` is a number of hosts"},
      {"min_healthy: 101%", "`min_healthy` is a number of hosts"},
      {"batch: -1", "`batch` is a number of hosts"},
      {"strategy: all\n  batch: 2", "`batch` is for `strategy: rolling`"},
      {"min_healthy_time: 2m\n  health_deadline: 1m", "must be longer than"},
      {"tagets: [a]", "tagets"},
  }));
  CAPTURE(line);
  const auto application =
      decode_file("name: shop\nservices: {web: {image: a, ports: [\"80\"]}}\nx-slipway:\n  " + line + "\n");
  REQUIRE_FALSE(application);
  CHECK_THAT(application.error().message, Catch::Contains(message));
}

TEST_CASE("drift is reported each minute unless the file says otherwise, as a word or a map") {
  const auto [line, heal, seconds] = GENERATE(table<std::string, bool, int>({{"keep: 1", false, 60},
                                                                             {"drift: report", false, 60},
                                                                             {"drift: heal", true, 60},
                                                                             {"drift: {interval: 5s}", false, 5},
                                                                             {"drift: {action: heal}", true, 60}}));
  CAPTURE(line);
  const auto application = decode_file("name: shop\nservices: {web: {image: a}}\nx-slipway: {" + line + "}\n");
  REQUIRE(application);
  CHECK(application->policy.drift == DriftPolicy{heal, std::chrono::seconds(seconds)});
}

TEST_CASE("strategies are batches by another name") {
  const auto [word, number, percent] = GENERATE(table<std::string, std::size_t, bool>({{"all", 0, false},
                                                                                       {"half", 50, true},
                                                                                       {"one", 1, false},
                                                                                       {"all-at-once", 0, false},
                                                                                       {"half-at-a-time", 50, true},
                                                                                       {"one-at-a-time", 1, false}}));
  const auto application =
      decode_file("name: shop\nservices: {web: {image: a}}\nx-slipway: {strategy: " + word + "}\n");
  REQUIRE(application);
  CHECK(application->policy.batch == Share{number, percent});
}

TEST_CASE("canary, linear and blue-green are read with their steps and times") {
  const auto read = [](const std::string& lines) {
    const auto application = decode_file("name: shop\nservices: {web: {image: a}}\nx-slipway: {" + lines + "}\n");
    REQUIRE(application);
    return application->policy;
  };
  const Policy canary = read("strategy: canary, bake: 5m, steps: [10%, {share: 50%, bake: 10m, wait: true}]");
  CHECK(canary.strategy == Strategy::canary);
  CHECK(canary.bake == Milliseconds(300'000));
  CHECK(canary.steps == std::vector<SpreadStep>{{Share{10, true}, std::nullopt, false},
                                                {Share{50, true}, Milliseconds(600'000), true}});
  const Policy linear = read("strategy: linear, step: 30%");
  REQUIRE(linear.steps.size() == 3);
  CHECK(linear.steps[2].share == Share{90, true});
  CHECK(read("strategy: linear, step: 2").steps.size() == 99);
  const Policy blue_green = read("strategy: blue-green, bake: 1m, switch: manual");
  CHECK(blue_green.strategy == Strategy::blue_green);
  CHECK(blue_green.manual_switch);
}

TEST_CASE("all errors of a file come at once") {
  const auto application = decode_file(with_service("    privileged: true\n    pid: host\n    restart: x\n"));
  REQUIRE_FALSE(application);
  CHECK_THAT(application.error().message, Catch::EndsWith("(and 2 more)"));
  CHECK_THAT(application.error().hint, Catch::Contains("compose.yml:7:14"));
}

TEST_CASE("logs stay on the host unless the settings name the driver that sends them elsewhere") {
  const auto [logging, message] = GENERATE(table<std::string, std::string>({
      {"{driver: json-file, options: {max-size: 10m, max-file: \"3\", tag: \"{{.ImageName}}/{{.ID}}\"}}", ""},
      {"{driver: local, options: {compress: \"true\"}}", ""},
      {"{driver: journald, options: {tag: shop, labels: a}}", ""},
      {"{driver: none}", ""},
      {"{driver: local, options: {mode: non-blocking, max-buffer-size: 16m}}", ""},
      {"{options: {mode: non-blocking, max-buffer-size: 64g}}", "max-buffer-size is at most 16m"},
      {"{driver: journald, options: {mode: non-blocking, max-buffer-size: 16385k}}", "max-buffer-size is at most 16m"},
      {"{driver: local, options: {mode: non-blocking, max-buffer-size: 1e9m}}", "max-buffer-size is at most 16m"},
      {"{options: {max-size: 10m}}", ""},
      {"{driver: syslog}", "compose.yml:5:15: this log driver makes the host send data elsewhere"},
      {"{driver: awslogs, options: {awslogs-group: a}}", "compose.yml:5:15: this log driver makes the host send"},
      {"{driver: \"grafana/loki-docker-driver:latest\"}", "compose.yml:5:15: this log driver makes the host send"},
      {"{options: {syslog-address: \"udp://192.0.2.1\"}}", "applications do not get this option of a log driver"},
      {"{driver: none, options: {max-size: 10m}}", "applications do not get this option of a log driver"},
      {"{driver: json-file, options: {tag: '{{pad \"x\" 99999999999 0}}'}}", "a tag has fields and no functions"},
      {"{driver: journald, options: {tag: \"{{.Name\"}}", "a tag has fields and no functions"},
  }));
  CAPTURE(logging);
  const std::string text = with_service("    logging: " + logging + "\n");
  const auto application = decode_file(text);
  CHECK(application.has_value() == message.empty());
  if (!application) CHECK_THAT(application.error().message, Catch::Contains(message));
  CHECK(decode_file(text, {}, accepted_once()));
}

TEST_CASE("a log driver of the settings may have any options, and no other one by its name") {
  ComposeRules rules;
  rules.log_drivers = {"fluentd"};
  const auto with = [&](const std::string& logging) {
    return decode_file(with_service("    logging: " + logging + "\n"), {}, rules).has_value();
  };
  CHECK(with("{driver: fluentd, options: {fluentd-address: \"192.0.2.1:24224\"}}"));
  CHECK_FALSE(with("{driver: fluentd2}"));
  CHECK_FALSE(with("{options: {fluentd-address: \"192.0.2.1:24224\"}}"));
}

TEST_CASE("paths of bind mounts can't climb out of what is allowed") {
  const ComposeRules rules{{"/srv/shared"}};
  const auto [path, allowed] = GENERATE(table<std::string, bool>({{"/srv/shared/a", true},
                                                                  {"/srv/shared", true},
                                                                  {"/srv/shared/../secret", false},
                                                                  {"/srv/sharedx", false},
                                                                  {"/srv", false},
                                                                  {"/srv/shared/./a/../b", true}}));
  CAPTURE(path);
  CHECK(decode_file(with_service("    volumes: [\"" + path + ":/x\"]\n"), {}, rules).has_value() == allowed);
}

TEST_CASE("the spec hash changes with the container and with nothing else") {
  const auto hash = [](const std::string& lines, const std::string& image = "a@sha256:1") {
    const auto application = decode_file(with_service(lines));
    REQUIRE(application);
    return spec_hash(*application, application->services[0], image, "");
  };
  const std::string plain = hash("");
  CHECK(plain == hash("    deploy: {replicas: 3}\n"));
  CHECK(plain == hash("    deploy: {update_config: {parallelism: 2}}\n"));
  CHECK(plain != hash("    environment: {A: b}\n"));
  CHECK(plain != hash("", "a@sha256:2"));
}

TEST_CASE("a command line is split as a shell does it") {
  const auto application = decode_file(with_service("    command: a 'b c' \"d \\\" e\" f\\ g ''\n"));
  REQUIRE(application);
  CHECK(*application->services[0].command == std::vector<std::string>{"a", "b c", "d \" e", "f g", ""});
}

TEST_CASE("a port of one address of a host meets that of all its addresses, and not that of another one") {
  const auto owner_of = [](const std::string& first, const std::string& second, const std::string& protocol = "tcp") {
    HostPorts ports;
    CHECK(ports.take({first, "80", 80, "tcp"}, "one").empty());
    return ports.take({second, "80", 81, protocol}, "two");
  };
  CHECK(owner_of("127.0.0.1", "127.0.0.1") == "one");
  CHECK(owner_of("127.0.0.1", "") == "one");
  CHECK(owner_of("", "::1") == "one");
  CHECK(owner_of("0.0.0.0", "10.0.0.1") == "one");
  CHECK(owner_of("0.0.0.0", "") == "one");
  CHECK(owner_of("127.0.0.1", "10.0.0.1").empty());
  CHECK(owner_of("0.0.0.0", "::").empty());
  CHECK(owner_of("", "", "udp").empty());
  HostPorts ports;
  CHECK(ports.take({"", "80-90", 80, "tcp"}, "one").empty());
  CHECK(ports.take({"", "80-90", 80, "tcp"}, "two").empty());
  CHECK(ports.take({"", "", 80, "tcp"}, "two").empty());
}
