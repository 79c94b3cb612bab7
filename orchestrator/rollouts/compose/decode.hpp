#pragma once
#include <map>
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
  /// Which projects alone may ask for a certificate, by its name; one that is not here is for all.
  std::map<std::string, std::vector<std::string>> certificate_projects = {};
  std::string project = {};  ///< whose file it is
  /// Names of sources of metrics that a gate may ask; absent: any.
  std::optional<std::vector<std::string>> metrics = std::nullopt;
  /// Drivers that `logging` may name with any options, besides those that keep logs on the host; absent: any.
  std::optional<std::vector<std::string>> log_drivers = std::vector<std::string>();
  bool check_zones = true;  ///< false: of a file that was accepted once, whatever this machine knows of time zones
  /// Names of swarms: a file whose targets are one of them is read as a swarm means it.
  std::vector<std::string> swarms = {};
};

/// For a file that was accepted when it came: what the settings allow by now does not matter.
ComposeRules accepted_once();

struct ComposeText {
  std::string text;
  std::string path = "compose.yml";  ///< for messages
  Variables variables;
  std::string group = {};        ///< overrides x-slipway.targets, unless it is empty
  std::string application = {};  ///< overrides `name`, unless it is empty
};

/// Reads a Compose file with x-slipway. A pure function of its arguments. What a single host (or, where that is its
/// target, a swarm) can't honour, and what this release does not know, is an error and never ignored; all errors of a
/// file come at once: the message has the first ("compose.yml:7:5: …"), the hint all of them, a line each.
Result<Application> decode_compose(const ComposeText& file, const ComposeRules& rules);

}  // namespace slipway::rollouts
