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

/// What a lease has left on a host.
struct HostMark {
  std::int64_t fence = 0;  ///< 0: there is none
  std::string holder;
};

/// That with the highest number, whoever left it there.
awaitable<Result<HostMark>> newest_mark(docker::Engine* engine, std::string application);
/// Its number.
awaitable<Result<std::int64_t>> newest_fence(docker::Engine* engine, std::string application);

/// Before every step there: leaves the mark of this lease, if it is not there, in place of older ones. Kind::conflict
/// if there is a newer one. Names of volumes are unique on an Engine, so of two with the same number one loses.
awaitable<Result<void>> hold_host(docker::Engine* engine, HostLease lease);

/// Why nothing is done: the newest lease on a host is `theirs`, and this slipwayd's is `ours`. Kind::conflict.
Error in_other_hands(const std::string& application, std::int64_t theirs, std::int64_t ours);

}  // namespace slipway::rollouts
