#include "orchestrator/rollouts/compose/gate_decoder.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace slipway::rollouts {
namespace {

constexpr Milliseconds shortest_gate{100};
constexpr Milliseconds shortest_query_interval{500};
constexpr std::size_t most_metrics = 16;
constexpr std::size_t longest_name = 60;

void take_times(MapReader& map, Milliseconds& interval, Milliseconds& timeout, Diagnostics& diagnostics) {
  std::optional<Milliseconds> given_interval;
  std::optional<Milliseconds> given_timeout;
  take_duration(map, "interval", given_interval, diagnostics);
  take_duration(map, "timeout", given_timeout, diagnostics);
  interval = std::max(given_interval.value_or(interval), shortest_gate);
  timeout = std::max(given_timeout.value_or(timeout), shortest_gate);
}

HttpGate decode_http(const YamlNode& node, Diagnostics& diagnostics) {
  HttpGate gate;
  MapReader http(node, "`http`", diagnostics);
  take_text(http, "service", gate.service, diagnostics);
  take_text(http, "path", gate.path, diagnostics);
  if (!gate.path.starts_with('/') || gate.path.find_first_of(" \r\n\t#") != std::string::npos) {
    diagnostics.error(http.at("path"), "`path` begins with '/' and has no spaces", gate.path);
  }
  if (const YamlNode* port = http.require("port", "port: 8080")) {
    gate.port = static_cast<std::uint16_t>(pipelines::read_integer(*port, "`port`", 1, 65535, diagnostics).value_or(0));
  }
  std::int64_t status = 0;
  take_integer(http, "status", 100, 599, status, diagnostics);
  gate.status = static_cast<int>(status);
  take_times(http, gate.interval, gate.timeout, diagnostics);
  http.finish();
  return gate;
}

CommandGate decode_command(const YamlNode& node, Diagnostics& diagnostics) {
  CommandGate gate;
  MapReader map(node, "`command`", diagnostics);
  take_text(map, "service", gate.service, diagnostics);
  std::optional<std::vector<std::string>> words;
  if (map.require("run", "run: [/app/check, --quick]")) take_command(map, "run", words, diagnostics);
  gate.command = words.value_or(gate.command);
  if (words && gate.command.empty()) diagnostics.error(map.at("run"), "`run` is empty");
  take_times(map, gate.interval, gate.timeout, diagnostics);
  map.finish();
  return gate;
}

/// Thresholds can be small, large and negative.
void take_bound(MapReader& map, std::string_view key, std::optional<double>& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  const auto text = pipelines::read_text(*node, "`" + std::string(key) + "`", diagnostics);
  if (!text) return;
  double number = 0;
  const char* end = text->data() + text->size();
  const auto [rest, bad] = std::from_chars(text->data(), end, number);
  if (bad == std::errc() && rest == end && std::isfinite(number)) {
    into = number;
  } else {
    diagnostics.error(node->at, "`" + std::string(key) + "` is a number", *text, "write 0.05");
  }
}

void take_source(MapReader& map, const ComposeRules& rules, MetricGate& metric, Diagnostics& diagnostics) {
  if (!map.require("source", "source: prometheus")) return;
  take_text(map, "source", metric.source, diagnostics);
  if (!rules.metrics) return;
  const auto& known = *rules.metrics;
  if (std::find(known.begin(), known.end(), metric.source) != known.end()) return;
  const std::string nearest = pipelines::suggest(metric.source, {known.begin(), known.end()});
  diagnostics.error(map.at("source"), "there is no source of metrics with that name", metric.source,
                    nearest.empty() ? "sources are listed below `metrics` of the daemon's settings" : nearest);
}

void take_no_data(MapReader& map, MetricGate& metric, Diagnostics& diagnostics) {
  if (const YamlNode* word = map.find("on_no_data")) {
    metric.ignore_no_data = pipelines::read_choice(*word, "`on_no_data`", {"alarm", "ignore"}, diagnostics) == 1;
  }
  take_integer(map, "tries", 1, 1000, metric.tries, diagnostics);
}

MetricGate decode_metric(const YamlNode& node, const ComposeRules& rules, Diagnostics& diagnostics) {
  MetricGate metric;
  MapReader map(node, "a metric", diagnostics);
  take_source(map, rules, metric, diagnostics);
  if (map.require("query", "query: sum(rate(http_errors_total[1m]))")) {
    take_text(map, "query", metric.query, diagnostics);
  }
  take_text(map, "name", metric.name, diagnostics);
  if (metric.name.empty()) metric.name = metric.query;
  metric.name = metric.name.substr(0, std::min(metric.name.find('\n'), longest_name));
  take_bound(map, "above", metric.above, diagnostics);
  take_bound(map, "below", metric.below, diagnostics);
  if (!metric.above && !metric.below) {
    diagnostics.error(node.at, "a metric says when it is an alarm", {}, "write `above: 0.05` or `below: 1`");
  }
  std::optional<Milliseconds> lasting;
  std::optional<Milliseconds> interval;
  take_duration(map, "for", lasting, diagnostics);
  take_duration(map, "interval", interval, diagnostics);
  metric.lasting = lasting.value_or(metric.lasting);
  metric.interval = std::max(interval.value_or(metric.interval), shortest_query_interval);
  take_no_data(map, metric, diagnostics);
  map.finish();
  return metric;
}

void decode_metrics(const YamlNode& node, const ComposeRules& rules, Policy& policy, Diagnostics& diagnostics) {
  if (node.is_map()) {
    policy.metrics.push_back(decode_metric(node, rules, diagnostics));
    return;
  }
  if (!node.is_list() || node.items.empty() || node.items.size() > most_metrics) {
    diagnostics.error(node.at, "`metrics` is a list of one to 16 queries", {},
                      "metrics: [{source: prometheus, query: sum(rate(http_errors_total[1m])), above: 1}]");
    return;
  }
  for (const YamlNode& item : node.items) policy.metrics.push_back(decode_metric(item, rules, diagnostics));
}

}  // namespace

void decode_gates(MapReader& map, const ComposeRules& rules, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("gate");
  if (node == nullptr) return;
  MapReader gates(*node, "`gate`", diagnostics);
  if (const YamlNode* http = gates.find("http")) policy.gate = decode_http(*http, diagnostics);
  if (const YamlNode* command = gates.find("command")) policy.command = decode_command(*command, diagnostics);
  if (const YamlNode* metrics = gates.find("metrics")) decode_metrics(*metrics, rules, policy, diagnostics);
  gates.finish();
}

}  // namespace slipway::rollouts
