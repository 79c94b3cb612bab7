#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "orchestrator/rollouts/compose/application.hpp"
#include "orchestrator/rollouts/compose/interpolate.hpp"

namespace slipway::rollouts {

/// What the daemon's settings allow an application, whose file anybody who can push may have written.
struct ComposeRules {
  std::vector<std::string> bind_roots;  ///< folders of the hosts that bind mounts may be below; none: no bind mounts
  /// Names of certificates that a route may ask for; absent: any.
  std::optional<std::vector<std::string>> certificates = std::nullopt;
  /// Names of sources of metrics that a gate may ask; absent: any.
  std::optional<std::vector<std::string>> metrics = std::nullopt;
  bool check_zones = true;  ///< false: of a file that was accepted once, whatever this machine knows of time zones
};

struct ComposeText {
  std::string text;
  std::string path = "compose.yml";  ///< for messages
  Variables variables;
};

/// Reads a Compose file with x-slipway. A pure function of its arguments. What a single host can't honour, and what
/// this release does not know, is an error and never ignored; all errors of a file come at once: the message has the
/// first
/// ("compose.yml:7:5: …"), the hint all of them, a line each.
Result<Application> decode_compose(const ComposeText& file, const ComposeRules& rules);

}  // namespace slipway::rollouts
