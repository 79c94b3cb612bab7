#pragma once
#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "orchestrator/store/runs.hpp"

/// Which run is next. Pure: the store's unfinished runs go in, what to start comes out.
namespace slipway::queue {

/// What a project asks of its queue.
struct ProjectLimits {
  std::size_t max_runs = 0;  ///< at the same time; 0: the daemon's limit alone
  bool supersede = false;    ///< of runs with the same key only the newest that is wanted is worth finishing
};

struct Limits {
  std::size_t max_runs = 4;                       ///< of the daemon, at the same time
  std::map<ProjectId, ProjectLimits> projects{};  ///< one that is missing has no limits of its own
  std::set<RunId> idle{};                         ///< begun, but only wait for people: they take no place
};

/// The runs to start, in this order. `unfinished`: oldest first, as Runs::unfinished gives them. Runs that prepare or
/// run take a place each, also when they are being cancelled, unless they are idle. Within a project the one that has
/// been queued longest is next; between projects the one with the fewest runs under way, and among those the one whose
/// run has waited longest. A run that waits for an approval does not start.
///
/// Where a project supersedes, runs with the same key share a place, since a newer one works only when the older ones
/// have ended (docs/decisions/0111-who-replaces-whom.md). Of those that are queued the newest is first, and begins also
/// while an older one holds the place: it has to be prepared before anybody knows whether it replaces that. One at a
/// time: the others wait until it is known. One that is older than what has begun replaces nothing of that, and takes a
/// place of its own.
std::vector<RunId> next_runs(const std::vector<store::Run>& unfinished, const Limits& limits);

}  // namespace slipway::queue
