// How hosts that were changed go back to the generation before.
#include <algorithm>

#include "orchestrator/rollouts/machine.hpp"

namespace slipway::rollouts {

/// What is done and well is what a scope of `failed` keeps; a step that was broken off is neither.
bool Machine::stays(const HostProgress& host) const {
  if (progress_.scope == BackScope::none) return true;
  return progress_.scope == BackScope::failed && done(host) && !host.failed && !host.lost;
}

/// Hosts that do not serve go back at once, those that do as far as min_healthy allows, and never none.
void Machine::go_back() {
  std::vector<HostProgress*> serving_hosts;
  for (HostProgress& host : progress_.hosts) {
    if (host.reaching || host.heading == Heading::back || host.batch == 0 || stays(host)) continue;
    if (takes_down(host)) {
      serving_hosts.push_back(&host);
    } else {
      begin_back(host);
    }
  }
  for (HostProgress* host : serving_hosts) {
    if (spare() > 0 || !any_busy()) begin_back(*host);
  }
  if (!any_busy()) end_of_way_back();
}

void Machine::end_of_way_back() {
  bool failed = false;
  for (const HostProgress& host : progress_.hosts) {
    if (host.restore_failed) failed = true;
    if (host.restore_failed && progress_.reason.find(host.reason) == std::string::npos) {
      progress_.reason += "; host " + host.host + ": " + host.reason;
    }
    if (host.lost && host.batch != 0)
      progress_.reason += "; host " + host.host + " does not answer, it goes back when it does";
  }
  const bool left = std::any_of(progress_.hosts.begin(), progress_.hosts.end(), [this](const HostProgress& host) {
    return host.batch != 0 && host.heading == Heading::forward && stays(host);
  });
  if (left) progress_.reason += "; hosts stay as they are: rollback.scope is " + std::string(name_of(progress_.scope));
  if (failed) return end(Stage::rollback_failed);
  end(left ? Stage::failed : Stage::rolled_back);
}

void Machine::begin_back(HostProgress& host) {
  if (takes_down(host)) host.health = Health::unhealthy;  // from here on nobody may count on it
  host.heading = Heading::back;
  host.stage = HostStage::pending;
  reach(host, HostStage::pulled);
}

}  // namespace slipway::rollouts
