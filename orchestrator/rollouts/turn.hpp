#pragma once
#include <vector>

#include "base/result.hpp"
#include "orchestrator/rollouts/stages.hpp"
#include "orchestrator/store/rollouts.hpp"

/// What a deployment finds in its way when it is asked for, and what becomes of that.
namespace slipway::rollouts {

struct Turn {
  store::Rollout rollout;             ///< as it was added
  std::vector<RolloutId> superseded;  ///< ended by it; none of them had begun
};

/// Adds `rollout`, in the transaction that decides. `refuse`: Kind::conflict names the one in the way. What slipway
/// does by itself (a host that is caught up or healed) is in nobody's way, and is not superseded either.
Result<Turn> take_turn(store::Transaction& tx, store::Rollout rollout, Concurrency concurrency);

/// Ends the deployments that wait, for the rollout that was just added.
Result<Turn> supersede_waiting(store::Transaction& tx, Turn turn);

/// Of an application's open rollouts, oldest first, those that work or are about to: neither one that waits for people,
/// nor the deployments behind it.
std::vector<store::Rollout> moving(const std::vector<store::Rollout>& open);

/// Whether a rollout of that kind brings what somebody asked to have on the hosts: deploy and redeploy.
bool is_deployment(const store::Rollout& rollout);

}  // namespace slipway::rollouts
