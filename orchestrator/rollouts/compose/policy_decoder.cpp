#include "orchestrator/rollouts/compose/policy_decoder.hpp"

#include <algorithm>

#include "orchestrator/rollouts/compose/approval_decoder.hpp"
#include "orchestrator/rollouts/compose/drift_decoder.hpp"
#include "orchestrator/rollouts/compose/gate_decoder.hpp"
#include "orchestrator/rollouts/compose/hooks_decoder.hpp"
#include "orchestrator/rollouts/compose/probe_decoder.hpp"
#include "orchestrator/rollouts/compose/strategy_decoder.hpp"
#include "orchestrator/rollouts/compose/window_decoder.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::int64_t most_hosts = 10'000;

std::optional<Order> read_order(const YamlNode& node, Diagnostics& diagnostics) {
  const auto choice = pipelines::read_choice(node, "`order`", {"start-first", "stop-first"}, diagnostics);
  if (!choice) return std::nullopt;
  return *choice == 0 ? Order::start_first : Order::stop_first;
}

std::optional<FailureAction> read_failure_action(const YamlNode& node, Diagnostics& diagnostics) {
  const auto choice = pipelines::read_choice(node, "`failure_action`", {"rollback", "pause", "continue"}, diagnostics);
  if (!choice) return std::nullopt;
  return static_cast<FailureAction>(*choice);
}

/// Hosts at a time: 0 in Compose means all.
std::size_t as_batch(const Share& share) {
  return share.number == 0 ? static_cast<std::size_t>(most_hosts) : share.number;
}

void decode_update_config(const YamlNode& node, bool first, Policy& policy, Diagnostics& diagnostics) {
  MapReader map(node, "`update_config`", diagnostics);
  std::int64_t parallelism = 1;
  take_integer(map, "parallelism", 0, most_hosts, parallelism, diagnostics);
  const Share batch{static_cast<std::size_t>(parallelism), false};
  if (!policy.batch || as_batch(batch) < as_batch(*policy.batch)) policy.batch = batch;
  std::optional<Milliseconds> delay;
  std::optional<Milliseconds> monitor;
  take_duration(map, "delay", delay, diagnostics);
  take_duration(map, "monitor", monitor, diagnostics);
  policy.delay = std::max(policy.delay, delay.value_or(Milliseconds(0)));
  policy.monitor = std::max(policy.monitor, monitor.value_or(Milliseconds(0)));
  double ratio = 0;
  take_decimal(map, "max_failure_ratio", ratio, diagnostics);
  if (ratio > 1) diagnostics.error(map.at("max_failure_ratio"), "`max_failure_ratio` is from 0 to 1");
  policy.max_failure_ratio = first ? ratio : std::min(policy.max_failure_ratio, ratio);
  auto action = FailureAction::roll_back;
  if (const YamlNode* word = map.find("failure_action")) {
    action = read_failure_action(*word, diagnostics).value_or(action);
  }
  policy.on_failure = first ? action : std::min(policy.on_failure, action);
  if (const YamlNode* word = map.find("order")) {
    const auto order = read_order(*word, diagnostics);
    if (order && policy.order != Order::stop_first) policy.order = order;
  }
  map.finish();
}

void decode_alarm_action(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("alarm_action");
  if (node == nullptr) return;
  const auto choice = pipelines::read_choice(*node, "`alarm_action`", {"rollback", "pause"}, diagnostics);
  if (choice == 1) policy.on_alarm = FailureAction::pause;
}

void decode_rollback(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("rollback");
  if (node == nullptr) return;
  MapReader entry(*node, "`rollback`", diagnostics);
  if (const YamlNode* scope = entry.find("scope")) {
    const auto choice = pipelines::read_choice(*scope, "`scope`", {"all", "failed", "none"}, diagnostics);
    if (choice) policy.scope = static_cast<BackScope>(*choice);
  }
  entry.finish();
}

void decode_concurrency(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("concurrency");
  if (node == nullptr) return;
  const auto choice = pipelines::read_choice(*node, "`concurrency`", {"queue", "supersede", "refuse"}, diagnostics);
  if (choice) policy.concurrency = static_cast<Concurrency>(*choice);
}

void decode_deadline(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  std::optional<Milliseconds> deadline;
  take_duration(map, "deadline", deadline, diagnostics);
  policy.deadline = deadline.value_or(policy.deadline);
  if (!deadline || policy.deadline > policy.min_healthy_time) return;
  diagnostics.error(map.at("deadline"), "`deadline` must be longer than `min_healthy_time`", {},
                    "it is the time for the whole rollout");
}

}  // namespace

void decode_update_configs(const std::vector<const YamlNode*>& nodes, Policy& policy, Diagnostics& diagnostics) {
  bool first = true;
  for (const YamlNode* node : nodes) {
    if (node == nullptr) continue;
    decode_update_config(*node, first, policy, diagnostics);
    first = false;
  }
}

void decode_x_slipway(const YamlNode& node, const ComposeRules& rules, Policy& policy, Diagnostics& diagnostics) {
  MapReader map(node, "`x-slipway`", diagnostics);
  take_texts(map, "targets", policy.targets, diagnostics);
  decode_strategy(map, policy, diagnostics);
  if (const YamlNode* share = map.find("min_healthy")) {
    policy.min_healthy = read_share(*share, "`min_healthy`", diagnostics);
  }
  if (const YamlNode* order = map.find("order")) policy.order = read_order(*order, diagnostics);
  if (const YamlNode* action = map.find("failure_action")) {
    policy.on_failure = read_failure_action(*action, diagnostics).value_or(policy.on_failure);
  }
  std::optional<Milliseconds> healthy_time;
  std::optional<Milliseconds> deadline;
  take_duration(map, "min_healthy_time", healthy_time, diagnostics);
  take_duration(map, "health_deadline", deadline, diagnostics);
  policy.min_healthy_time = healthy_time.value_or(policy.min_healthy_time);
  policy.health_deadline = deadline.value_or(policy.health_deadline);
  if (policy.health_deadline <= policy.min_healthy_time) {
    diagnostics.error(map.at("health_deadline"), "`health_deadline` must be longer than `min_healthy_time`", {},
                      "they are " + pipelines::format_duration(policy.health_deadline) + " and " +
                          pipelines::format_duration(policy.min_healthy_time));
  }
  decode_gates(map, rules, policy, diagnostics);
  decode_hooks(map, policy, diagnostics);
  decode_migration(map, policy, diagnostics);
  decode_alarm_action(map, policy, diagnostics);
  decode_rollback(map, policy, diagnostics);
  decode_deadline(map, policy, diagnostics);
  decode_concurrency(map, policy, diagnostics);
  decode_approval(map, policy, diagnostics);
  decode_windows(map, rules, policy, diagnostics);
  decode_probe(map, policy.probe, diagnostics);
  decode_drift(map, policy.drift, diagnostics);
  map.foreign("alarms", "alarms are metrics: write gate.metrics");
  map.foreign("route", "a route belongs to a service: write it below the service's own x-slipway");
  auto keep = static_cast<std::int64_t>(policy.keep);
  take_integer(map, "keep", 0, 20, keep, diagnostics);
  policy.keep = static_cast<std::size_t>(keep);
  map.finish();
}

}  // namespace slipway::rollouts
