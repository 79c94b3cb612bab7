#pragma once
#include <map>
#include <string>

#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// Where things stand that checks across the whole file complain about.
struct Places {
  Position file;
  Position x_slipway;
  std::map<std::string, Position> services;
};

/// Gives every service the network it is in, leaves out what nobody uses, and reports what does not fit together:
/// names that lead nowhere, circles, ports that clash on one host, a gate that nothing answers.
void complete_and_check(Application& application, const Places& places, Diagnostics& diagnostics);

}  // namespace slipway::rollouts
