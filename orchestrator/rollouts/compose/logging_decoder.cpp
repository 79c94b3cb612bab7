#include <algorithm>
#include <cstdint>

#include "orchestrator/rollouts/compose/service_parts.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::rollouts {
namespace {

/// What mode: non-blocking holds of a container's output lies in the memory of the host's Engine, whose own size for it
/// is 1 MiB (moby, daemon/logger/ring.go).
constexpr std::int64_t largest_buffer = 16 << 20;

/// Drivers that keep logs on the host, with those of their options that say how (moby, daemon/logger/*). Every other
/// driver makes the host's Engine send them to an address of the file's choice, some with the host's own credentials.
const std::map<std::string, std::vector<std::string_view>>& local_drivers() {
  static const std::vector<std::string_view> to_files{"max-size",     "max-file", "compress", "mode", "max-buffer-size",
                                                      "labels-regex", "labels",   "env",      "tag",  "env-regex"};
  static const std::map<std::string, std::vector<std::string_view>> drivers{
      {"json-file", to_files},
      {"local", {"max-size", "max-file", "compress", "mode", "max-buffer-size"}},
      {"journald", {"tag", "labels", "labels-regex", "env", "env-regex", "mode", "max-buffer-size"}},
      {"none", {}},
      {"", to_files}};  // the host's own, whichever that is: none that says where to
  return drivers;
}

bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); });
}

/// The Engine runs a tag as a template (moby, daemon/logger/templates), whose functions can make it take all memory.
bool is_plain_tag(std::string_view tag) {
  while (!tag.empty()) {
    const auto open = tag.find("{{");
    if (open == std::string_view::npos) return true;
    const auto close = tag.find("}}", open);
    if (close == std::string_view::npos) return false;
    const std::string_view field = tag.substr(open + 2, close - open - 2);
    if (field.size() < 2 || field.front() != '.' || !is_word(field.substr(1))) return false;
    tag.remove_prefix(close + 2);
  }
  return true;
}

bool is_small_buffer(std::string_view size) {
  const auto bytes = pipelines::parse_bytes(size);
  return bytes && *bytes <= largest_buffer;
}

bool may_log_anywhere(const std::string& driver, const ComposeRules& rules) {
  if (!rules.log_drivers) return true;
  const auto& allowed = *rules.log_drivers;
  return !driver.empty() && std::find(allowed.begin(), allowed.end(), driver) != allowed.end();
}

void check_options(const Logging& logging, const std::vector<std::string_view>& known, Position at,
                   Diagnostics& diagnostics) {
  for (const auto& [name, value] : logging.options) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      diagnostics.error(at, "applications do not get this option of a log driver", name,
                        pipelines::suggest(name, known));
    } else if (name == "tag" && !is_plain_tag(value)) {
      diagnostics.error(at, "a tag has fields and no functions", value, "write {{.Name}}, {{.ID}} or {{.ImageName}}");
    } else if (name == "max-buffer-size" && !is_small_buffer(value)) {
      diagnostics.error(at, "max-buffer-size is at most 16m", value,
                        "the buffer is memory of the host's Engine, for each container");
    }
  }
}

void check_logging(const Logging& logging, const MapReader& log, const ComposeRules& rules, Diagnostics& diagnostics) {
  if (may_log_anywhere(logging.driver, rules)) return;
  const auto& drivers = local_drivers();
  if (const auto local = drivers.find(logging.driver); local != drivers.end()) {
    check_options(logging, local->second, log.at("options"), diagnostics);
    return;
  }
  diagnostics.error(
      log.at("driver"), "this log driver makes the host send data elsewhere", logging.driver,
      "allowed are json-file, local, journald, none, and those in `log_drivers` of the daemon's settings");
}

}  // namespace

void decode_logging(MapReader& map, const ComposeRules& rules, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("logging");
  if (node == nullptr) return;
  Logging logging;
  MapReader log(*node, "`logging`", diagnostics);
  take_text(log, "driver", logging.driver, diagnostics);
  take_pairs(log, "options", logging.options, "write NAME: value", diagnostics);
  check_logging(logging, log, rules, diagnostics);
  log.finish();
  service.logging = std::move(logging);
}

}  // namespace slipway::rollouts
