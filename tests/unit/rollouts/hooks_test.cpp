// hooks and migrate of x-slipway, and the containers they run in.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/journal.hpp"
#include "orchestrator/rollouts/plan.hpp"
#include "orchestrator/rollouts/service_spec.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

Result<Application> decode_hooks(const std::string& more, const std::string& services = "web: {image: busybox}") {
  ComposeText text;
  text.text = "name: shop\nservices: {" + services + "}\nx-slipway:\n  " + more + "\n";
  return decode_compose(text, {});
}

}  // namespace

TEST_CASE("a hook has a container of its own, five minutes, and the generation that its name speaks of") {
  const auto application = decode_hooks(
      "hooks: {before_stop: {run: [/bye, now]}, validate: [{run: /a}, {run: /b, exec: true, generation: new, "
      "timeout: 9s, on_failure: continue}]}");
  REQUIRE(application);
  const auto& hooks = application->policy.hooks;
  REQUIRE(hooks.size() == 2);
  Hook bye;
  bye.service = "web";
  bye.run = {"/bye", "now"};
  bye.old = true;
  CHECK(hooks.at(HookPoint::before_stop) == std::vector<Hook>{bye});
  CHECK(bye.timeout == std::chrono::minutes(5));
  const Hook& last = hooks.at(HookPoint::validate)[1];
  CHECK(last.exec);
  CHECK(last.go_on);
  CHECK_FALSE(last.old);
  CHECK(last.timeout == Milliseconds(9000));
  CHECK_FALSE(hooks.at(HookPoint::validate)[0].old);
}

TEST_CASE("hooks and migrations that can't be are errors with a place and a fix") {
  const std::pair<const char*, const char*> cases[] = {
      {"hooks: {before_install: {run: a, exec: true}}", "the new containers do not run"},
      {"hooks: {after_install: {run: a, exec: true}}", "the new containers do not run"},
      {"hooks: {after_stop: {run: a, exec: true}}", "the old containers do not run"},
      {"hooks: {start: {run: []}}", "`run`"},
      {"hooks: {start: {service: web}}", "run: [/app/check, --quick]"},
      {"hooks: {start: []}", "a list of 1 to 16"},
      {"hooks: {start: {run: a, service: wep}}", "the hook `start` names a service that the file does not have"},
      {"hooks: {start: {run: a, timeout: 25h}}", "`timeout`"},
      {"hooks: {start: {run: a, on_failure: ignore}}", "`on_failure`"},
      {"hooks: {begin: {run: a}}", "begin"},
      {"hooks: {application_stop: {run: a}}", "it is called `before_stop`"},
      {"migrate: {run: a}", "kind: expand"},
      {"migrate: {run: a, kind: sideways}", "`kind`"},
      {"migrate: {kind: expand}", "run: "},
  };
  for (const auto& [text, part] : cases) {
    CAPTURE(text, part);
    const auto wrong = decode_hooks(text);
    REQUIRE_FALSE(wrong);
    CHECK((wrong.error().message + wrong.error().hint).find(part) != std::string::npos);
  }
  const auto which = decode_hooks("migrate: {kind: expand, run: a}", "web: {image: a}, db: {image: b}");
  REQUIRE_FALSE(which);
  CHECK_THAT(which.error().message, Catch::Contains("`migrate` does not say to which service it belongs"));
}

TEST_CASE("a plan gives steps the time that their hooks may take, and migrates in a deployment only") {
  PlanInput input;
  input.application = *decode_hooks(
      "migrate: {kind: contract, run: a, timeout: 1m}\n  hooks: {before_install: {run: a, timeout: 1m}, "
      "after_install: {run: a, timeout: 2m}}");
  input.wanted = {{"shop-web-g1-1", "web", 1, 1, "hash", "image"}};
  HostView host;
  host.host = "h1";
  input.hosts = {host};
  const auto later = make_plan(input);
  REQUIRE(later);
  CHECK_FALSE(later->pace.migrates);
  CHECK_FALSE(later->pace.contract);
  CHECK(later->pace.hook_times.at(HostStage::created) >= std::chrono::minutes(3));
  input.migrate = true;
  const auto plan = make_plan(input);
  REQUIRE(plan);
  CHECK(plan->pace.migrates);
  CHECK(plan->pace.contract);
  CHECK(plan->pace.migrate_deadline > std::chrono::minutes(1));
  CHECK(plan->batches == std::vector<std::vector<std::string>>{{"h1"}});
  const auto again = parse_plan(dump_plan(*plan));
  REQUIRE(again);
  CHECK(again->pace.hook_times == plan->pace.hook_times);
  CHECK(again->pace.migrates);
  CHECK(again->pace.contract);
  CHECK(again->pace.migrate_deadline == plan->pace.migrate_deadline);
}

TEST_CASE("the container of a hook serves nobody: no ports, no names, no labels of the service, no restart") {
  const auto application =
      decode_hooks("targets: [all]",
                   "web: {image: a, entrypoint: [/e], command: [c], ports: [\"80:80\"], restart: always, "
                   "labels: {traefik.enable: \"true\"}, environment: {A: b}, user: \"7\", "
                   "healthcheck: {test: x}}");
  REQUIRE(application);
  const auto spec =
      one_shot_spec(*application, application->services[0], "image@sha256:1", {"/check", "now"}, {"instance", 12});
  CHECK(spec.image == "image@sha256:1");
  CHECK(spec.entrypoint == std::vector<std::string>{"/check"});
  CHECK(spec.command == std::vector<std::string>{"now"});
  CHECK(spec.env == std::vector<std::string>{"A=b"});
  CHECK(spec.user == "7");
  CHECK(spec.ports.empty());
  REQUIRE(spec.networks.size() == 1);
  CHECK(spec.networks[0].network == "shop_default");
  CHECK(spec.networks[0].aliases.empty());
  CHECK_FALSE(spec.labels.contains("traefik.enable"));
  CHECK(spec.labels.at("dev.slipway.rollout") == "12");
  CHECK(spec.restart.kind == docker::RestartPolicy::Kind::no);
  CHECK(spec.healthcheck->test == std::vector<std::string>{"NONE"});
}

TEST_CASE("notes of programs that must not run twice read back as they were written") {
  OnceNotes notes;
  notes["h1/start/0"] = {"id1", Time(Milliseconds(1'764'000'000'123)), false, ""};
  notes["migrate"] = {"", Time(Milliseconds(5)), true, "it \"broke\""};
  CHECK(notes_from(notes_json(notes)) == notes);
  CHECK(notes_from(Json()).empty());
  CHECK(notes_from(Json::array()).empty());
}
