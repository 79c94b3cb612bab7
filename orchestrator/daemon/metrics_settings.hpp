#pragma once
#include "orchestrator/daemon/settings.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::daemon {

/// `metrics` of the settings file: the servers that rollouts may ask, by the names that Compose files call them.
void read_metrics(const pipelines::YamlNode& node, Settings& settings, pipelines::Diagnostics& diagnostics);

}  // namespace slipway::daemon
