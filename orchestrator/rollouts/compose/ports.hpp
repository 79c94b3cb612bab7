#pragma once
#include <map>
#include <string>
#include <vector>

#include "orchestrator/rollouts/compose/service.hpp"
#include "orchestrator/rollouts/compose/values.hpp"

namespace slipway::rollouts {

/// An item of `ports`, short ("[ip:][published:]target[/protocol]", ranges allowed) or long. Ranges of the same length
/// on both sides become single mappings; a range for one target port stays one, for the Engine to choose from.
void read_port(const YamlNode& item, std::vector<PortMapping>& into, Diagnostics& diagnostics);

/// Who has which port of one host. Ports that the Engine chooses, also from a range, are nobody's.
class HostPorts {
 public:
  /// Who has `port` already, at an address that `port` asks for, too. Empty: nobody had, and now it is `owner`'s.
  std::string take(const PortMapping& port, const std::string& owner);

 private:
  std::map<std::string, std::string> owners_;
};

}  // namespace slipway::rollouts
