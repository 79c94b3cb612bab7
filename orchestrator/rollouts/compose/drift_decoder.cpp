#include "orchestrator/rollouts/compose/drift_decoder.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds shortest_interval{5};
constexpr std::chrono::hours longest_interval{24};

void read_action(const YamlNode& node, std::string_view key, DriftPolicy& drift, Diagnostics& diagnostics) {
  const auto choice = pipelines::read_choice(node, key, {"report", "heal"}, diagnostics);
  drift.heal = choice == 1;
}

}  // namespace

void decode_drift(MapReader& map, DriftPolicy& drift, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("drift");
  if (node == nullptr) return;
  if (!node->is_map()) return read_action(*node, "`drift`", drift, diagnostics);
  MapReader entry(*node, "`drift`", diagnostics);
  if (const YamlNode* action = entry.find("action")) read_action(*action, "`action`", drift, diagnostics);
  std::optional<Milliseconds> interval;
  take_duration(entry, "interval", interval, diagnostics);
  drift.interval = interval.value_or(drift.interval);
  if (drift.interval < shortest_interval || drift.interval > longest_interval) {
    diagnostics.error(entry.at("interval"), "`interval` is from 5s to 24h");
  }
  entry.finish();
}

}  // namespace slipway::rollouts
