#pragma once
#include <string>

#include "orchestrator/store/rollouts.hpp"
#include "orchestrator/store/runs.hpp"

/// Where what a rollout brings comes from: kept with the rollout, since its run is forgotten some day.
namespace slipway::rollouts {

/// How many of an application's newest rollouts and generations are searched for what an older one has.
constexpr std::size_t looked_back = 200;

/// Who wanted the run: the token that asked for it (again), or the commit's author,
/// without the address.
std::string asker_of(const store::Run& run);

/// JSON of the run as it is now: commit, author, what its jobs came to, and which digest each of its images got where.
/// "{}" for no run, or one that is not known.
std::string evidence_of(store::Transaction& tx, RunId run);

/// The evidence that the generation's first rollout has; "{}" if none has any.
std::string evidence_of(store::Transaction& tx, const std::string& application, std::int64_t generation);

}  // namespace slipway::rollouts
