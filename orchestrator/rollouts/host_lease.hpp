#pragma once
#include <cstdint>
#include <string>

#include "base/async.hpp"
#include "docker-client/engine.hpp"

/// Which slipwayd may work on an application, as its hosts know it. The store's lease keeps rollouts of one daemon
/// apart; this keeps a second daemon apart that has the same application (from a backup, or adopted) while the first
/// still works. A swarm as a target carries no marks.
namespace slipway::rollouts {

struct HostLease {
  std::string application;
  std::int64_t fence = 0;
  std::string holder;  ///< tells two daemons with the same number apart
};

/// The highest number that anybody has left on the host; 0: none.
awaitable<Result<std::int64_t>> newest_fence(docker::Engine* engine, std::string application);

/// Before every step there: leaves the mark of this lease, if it is not there, in place of older ones. Kind::conflict
/// if there is a newer one. Names of volumes are unique on an Engine, so of two with the same number one loses.
awaitable<Result<void>> hold_host(docker::Engine* engine, HostLease lease);

}  // namespace slipway::rollouts
