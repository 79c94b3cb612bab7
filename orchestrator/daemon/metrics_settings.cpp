#include "orchestrator/daemon/metrics_settings.hpp"

#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::daemon {
namespace {

using pipelines::Diagnostics;
using pipelines::MapReader;
using pipelines::YamlNode;

void take_url(MapReader& map, rollouts::MetricsSource& source, Diagnostics& diagnostics) {
  if (!map.require("url", "url: http://prometheus:9090")) return;
  rollouts::take_text(map, "url", source.url, diagnostics);
  const bool web = source.url.starts_with("http://") || source.url.starts_with("https://");
  if (!web || source.url.find_first_of("?#@ ") != std::string::npos) {
    diagnostics.error(map.at("url"), "`url` begins with http:// or https:// and has neither credentials nor a query",
                      source.url, "url: http://prometheus:9090; `username` and `password_file` are keys of their own");
  }
  while (source.url.ends_with('/')) source.url.pop_back();
}

}  // namespace

void read_metrics(const YamlNode& node, Settings& settings, Diagnostics& diagnostics) {
  if (!node.is_map()) {
    diagnostics.error(node.at, "`metrics` must map a name to where it is asked", {},
                      "metrics: {prometheus: {url: http://prometheus:9090}}");
    return;
  }
  for (const pipelines::YamlEntry& entry : node.entries) {
    rollouts::MetricsSource source;
    MapReader map(entry.value, "a source of metrics", diagnostics);
    take_url(map, source, diagnostics);
    rollouts::take_text(map, "username", source.username, diagnostics);
    rollouts::take_text(map, "password_file", source.password_file, diagnostics);
    rollouts::take_text(map, "token_file", source.token_file, diagnostics);
    rollouts::take_text(map, "ca", source.ca, diagnostics);
    map.foreign("password", "put it into a file and name that with `password_file`");
    map.foreign("token", "put it into a file and name that with `token_file`");
    map.finish();
    if (source.username.empty() != source.password_file.empty()) {
      diagnostics.error(entry.at, "`username` and `password_file` go together", entry.key);
    }
    if (!rollouts::is_plain_name(entry.key)) {
      diagnostics.error(entry.at, "the name of a source is made of letters, digits, '_', '.' and '-', at most 63",
                        entry.key);
    }
    settings.metrics[entry.key] = std::move(source);
  }
}

}  // namespace slipway::daemon
