#include "orchestrator/rollouts/compose/policy_decoder.hpp"

#include <algorithm>

#include "orchestrator/rollouts/compose/probe_decoder.hpp"
#include "orchestrator/rollouts/compose/strategy_decoder.hpp"

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

void decode_gate(MapReader& map, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("gate");
  if (node == nullptr) return;
  MapReader gates(*node, "`gate`", diagnostics);
  gates.later("command");
  gates.later("metrics");
  if (const YamlNode* http_node = gates.find("http")) {
    HttpGate gate;
    MapReader http(*http_node, "`http`", diagnostics);
    take_text(http, "service", gate.service, diagnostics);
    take_text(http, "path", gate.path, diagnostics);
    if (!gate.path.starts_with('/') || gate.path.find_first_of(" \r\n\t#") != std::string::npos) {
      diagnostics.error(http.at("path"), "`path` begins with '/' and has no spaces", gate.path);
    }
    if (const YamlNode* port = http.require("port", "port: 8080")) {
      gate.port =
          static_cast<std::uint16_t>(pipelines::read_integer(*port, "`port`", 1, 65535, diagnostics).value_or(0));
    }
    std::int64_t status = 0;
    take_integer(http, "status", 100, 599, status, diagnostics);
    gate.status = static_cast<int>(status);
    std::optional<Milliseconds> interval;
    std::optional<Milliseconds> timeout;
    take_duration(http, "interval", interval, diagnostics);
    take_duration(http, "timeout", timeout, diagnostics);
    gate.interval = std::max(interval.value_or(gate.interval), Milliseconds(100));
    gate.timeout = std::max(timeout.value_or(gate.timeout), Milliseconds(100));
    http.finish();
    policy.gate = std::move(gate);
  }
  gates.finish();
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

void decode_x_slipway(const YamlNode& node, Policy& policy, Diagnostics& diagnostics) {
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
  decode_gate(map, policy, diagnostics);
  decode_probe(map, policy.probe, diagnostics);
  map.foreign("route", "a route belongs to a service: write it below the service's own x-slipway");
  auto keep = static_cast<std::int64_t>(policy.keep);
  take_integer(map, "keep", 0, 20, keep, diagnostics);
  policy.keep = static_cast<std::size_t>(keep);
  for (const char* key :
       {"hooks", "migrate", "rollback", "approval", "window", "drift", "alarms", "concurrency", "swarm"}) {
    map.later(key);
  }
  map.finish();
}

}  // namespace slipway::rollouts
