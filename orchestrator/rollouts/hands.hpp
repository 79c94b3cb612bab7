#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "orchestrator/rollouts/host_lease.hpp"
#include "orchestrator/store/transaction.hpp"

/// Whether an application is still in this slipwayd's hands, for what it does by itself.
namespace slipway::rollouts {

/// `marks`: the newest of each host. Kind::conflict if one of them is another slipwayd's: its number is above every
/// lease of this store, or one of this store's leases had it under another holder. What is below `lease`, or below that
/// of the last rollout with which people changed something, does not count: that went above the marks of all others. A
/// number that the store does not remember is taken for its own.
Result<void> check_hands(store::Transaction& tx, const std::string& application, const std::vector<HostMark>& marks,
                         std::int64_t lease);

}  // namespace slipway::rollouts
