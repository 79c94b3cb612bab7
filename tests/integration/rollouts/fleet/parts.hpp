#pragma once
#include "tests/integration/rollouts/fleet/fleet.hpp"

namespace slipway::rollouts {

/// What a daemon would give to whatever looks at the fleet beside its rollouts.
inline Parts parts_of(Fleet& fleet) {
  return {fleet.io.get_executor(), *fleet.store, *fleet.hosts, fleet.registry, fleet.secrets,
          *fleet.traffic,          fleet.pool,   fleet.clock,  ComposeRules{}};
}

}  // namespace slipway::rollouts
