// gate, alarm_action and deadline of x-slipway.
#include <catch2/catch.hpp>

#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/plan.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

Result<Application> decode_gate(const std::string& more, ComposeRules rules = {}) {
  ComposeText text;
  text.text = "name: shop\nservices: {web: {image: busybox, ports: [\"80\"]}}\nx-slipway:\n  " + more + "\n";
  return decode_compose(text, rules);
}

}  // namespace

TEST_CASE("a command gate runs in the only service, and takes a list or words") {
  const auto usual = decode_gate("gate: {command: {run: [/check, \"a b\"]}}");
  REQUIRE(usual);
  CommandGate gate;
  gate.service = "web";
  gate.command = {"/check", "a b"};
  CHECK(usual->policy.command == gate);
  const auto words = decode_gate("gate: {command: {run: \"/check 'a b'\", interval: 2s, timeout: 9s, service: web}}");
  REQUIRE(words);
  CHECK(words->policy.command->command == gate.command);
  CHECK(words->policy.command->interval == Milliseconds(2000));
  CHECK(words->policy.command->timeout == Milliseconds(9000));
}

TEST_CASE("a metrics gate asks a named source, and says what is an alarm") {
  const auto one = decode_gate("gate: {metrics: {source: prod, query: \"rate(errors[1m])\", above: 0.0005}}");
  REQUIRE(one);
  REQUIRE(one->policy.metrics.size() == 1);
  CHECK(one->policy.metrics[0].name == "rate(errors[1m])");
  CHECK(one->policy.metrics[0].above == 0.0005);
  CHECK(one->policy.metrics[0].interval == Milliseconds(10'000));
  const auto two = decode_gate(
      "gate: {metrics: [{source: prod, name: latency, query: a, above: 1e3, for: 1m, interval: 5s},"
      " {source: prod, name: up, query: b, below: -1, on_no_data: ignore, tries: 9}]}");
  REQUIRE(two);
  MetricGate first;
  first.name = "latency";
  first.source = "prod";
  first.query = "a";
  first.above = 1000;
  first.lasting = Milliseconds(60'000);
  first.interval = Milliseconds(5000);
  CHECK(two->policy.metrics[0] == first);
  CHECK(two->policy.metrics[1].below == -1);
  CHECK(two->policy.metrics[1].ignore_no_data);
  CHECK(two->policy.metrics[1].tries == 9);
}

TEST_CASE("a file can ask no server for metrics that the daemon's settings do not name") {
  ComposeRules rules;
  rules.metrics = std::vector<std::string>{"prod"};
  CHECK(decode_gate("gate: {metrics: {source: prod, query: a, above: 1}}", rules));
  const auto other = decode_gate("gate: {metrics: {source: \"http://169.254.169.254\", query: a, above: 1}}", rules);
  REQUIRE_FALSE(other);
  CHECK_THAT(other.error().message, Catch::Contains("no source of metrics with that name"));
  rules.metrics->clear();
  CHECK_FALSE(decode_gate("gate: {metrics: {source: prod, query: a, above: 1}}", rules));
}

TEST_CASE("alarms roll back unless they are to pause, and a rollout has no deadline unless it is given one") {
  const auto usual = decode_gate("targets: [all]");
  REQUIRE(usual);
  CHECK(usual->policy.on_alarm == FailureAction::roll_back);
  CHECK(usual->policy.deadline == Milliseconds(0));
  const auto other = decode_gate("alarm_action: pause\n  deadline: 30m");
  REQUIRE(other);
  CHECK(other->policy.on_alarm == FailureAction::pause);
  CHECK(other->policy.deadline == std::chrono::minutes(30));
}

TEST_CASE("gates that can't be are errors with a place and a fix") {
  const std::pair<const char*, const char*> cases[] = {
      {"gate: {command: {service: web}}", "run: [/app/check, --quick]"},
      {"gate: {command: {run: []}}", "`run`"},
      {"gate: {command: {run: a, service: wep}}", "names a service that the file does not have"},
      {"gate: {command: a}", "`command`"},
      {"gate: {metrics: []}", "a list of one to 16 queries"},
      {"gate: {metrics: {source: a, query: b}}", "write `above: 0.05` or `below: 1`"},
      {"gate: {metrics: {source: a, query: b, above: lots}}", "`above` is a number"},
      {"gate: {metrics: {source: a, query: b, above: nan}}", "`above` is a number"},
      {"gate: {metrics: {query: b, above: 1}}", "source: prometheus"},
      {"gate: {metrics: {source: a, above: 1}}", "query: "},
      {"gate: {metrics: {source: a, query: b, above: 1, on_no_data: panic}}", "`on_no_data`"},
      {"gate: {metrics: {source: a, query: b, above: 1, tries: 0}}", "`tries`"},
      {"alarm_action: continue", "`alarm_action`"},
      {"alarms: []", "gate.metrics"},
      {"deadline: 1s", "longer than `min_healthy_time`"},
  };
  for (const auto& [text, part] : cases) {
    CAPTURE(text, part);
    const auto wrong = decode_gate(text);
    REQUIRE_FALSE(wrong);
    CHECK((wrong.error().message + wrong.error().hint).find(part) != std::string::npos);
  }
}

TEST_CASE("a plan says so when the last hosts are not watched long enough for a metric to tell") {
  const auto application =
      decode_gate("min_healthy_time: 1s\n  gate: {metrics: {source: a, name: errors, query: b, above: 1, for: 20s}}");
  REQUIRE(application);
  PlanInput input;
  input.application = *application;
  input.wanted = {{"shop-web-g1-1", "web", 1, 1, "hash", "image"}};
  HostView host;
  host.host = "h1";
  input.hosts = {host};
  const auto blind = make_plan(input);
  REQUIRE(blind);
  REQUIRE(blind->notes.size() == 1);
  CHECK_THAT(blind->notes[0], Catch::Contains("the metric 'errors' may go unnoticed: it needs 30s"));
  input.application.policy.monitor = Milliseconds(30'000);
  CHECK(make_plan(input)->notes.empty());
  input.application.policy.monitor = Milliseconds(0);
  input.rollback = true;
  CHECK(make_plan(input)->notes.empty());
}
