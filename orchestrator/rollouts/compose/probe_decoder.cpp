#include "orchestrator/rollouts/compose/probe_decoder.hpp"

namespace slipway::rollouts {
namespace {

constexpr double highest_rate = 20;
constexpr Milliseconds shortest_timeout{100};
constexpr Milliseconds longest_timeout{60'000};

}  // namespace

void decode_probe(MapReader& map, ProbePolicy& probe, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("probe");
  if (node == nullptr) return;
  MapReader entry(*node, "`probe`", diagnostics);
  take_decimal(entry, "rate", probe.rate, diagnostics);
  if (probe.rate > highest_rate) {
    diagnostics.error(entry.at("rate"), "`rate` is from 0 to 20 requests per second and host", {}, "2 is usual");
  }
  take_text(entry, "path", probe.path, diagnostics);
  if (!probe.path.empty() &&
      (!probe.path.starts_with('/') || probe.path.find_first_of(" \r\n\t#") != std::string::npos)) {
    diagnostics.error(entry.at("path"), "`path` begins with '/' and has no spaces", probe.path);
  }
  std::optional<Milliseconds> timeout;
  take_duration(entry, "timeout", timeout, diagnostics);
  probe.timeout = timeout.value_or(probe.timeout);
  if (probe.timeout < shortest_timeout || probe.timeout > longest_timeout) {
    diagnostics.error(entry.at("timeout"), "`timeout` is from 100ms to 1m");
  }
  take_flag(entry, "fail_on_drop", probe.fail_on_drop, diagnostics);
  entry.finish();
}

}  // namespace slipway::rollouts
