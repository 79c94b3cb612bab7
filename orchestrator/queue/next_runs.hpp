#pragma once
#include <cstddef>
#include <map>
#include <set>
#include <vector>

#include "orchestrator/store/runs.hpp"

/// Which run is next. Pure: the store's unfinished runs go in, what to do comes out.
namespace slipway::queue {

/// What a project asks of its queue.
struct ProjectLimits {
  std::size_t max_runs = 0;  ///< at the same time; 0: the daemon's limit alone
  bool supersede = false;    ///< of runs with the same key only the newest is worth finishing
};

struct Limits {
  std::size_t max_runs = 4;                       ///< of the daemon, at the same time
  std::map<ProjectId, ProjectLimits> projects{};  ///< one that is missing has no limits of its own
  std::set<RunId> idle{};                         ///< begun, but only wait for people: they take no place
};

struct Supersession {
  RunId older;
  RunId newer;
  friend bool operator==(const Supersession&, const Supersession&) = default;
};

struct Next {
  std::vector<RunId> start;  ///< in this order
  std::vector<Supersession> supersede;
};

/// `unfinished`: oldest first, as Runs::unfinished gives them. Runs that prepare or run take a place each, also when
/// they are being cancelled, unless they are idle. Within a project the oldest queued run is next; between projects the
/// one with the fewest runs under way, and among those the one whose run has waited longest. A run that waits for an
/// approval neither starts nor supersedes, but may be superseded.
Next next_runs(const std::vector<store::Run>& unfinished, const Limits& limits);

}  // namespace slipway::queue
