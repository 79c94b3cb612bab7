#pragma once
#include "orchestrator/runs/collaborators.hpp"

namespace slipway::runs {

/// Forgets finished runs beyond what is kept, then removes every log that belongs to no run. In this order: killed in
/// between, what is left over is found by the next call. Gives how many runs went.
awaitable<Result<std::size_t>> forget_old_runs(store::Store& store, logs::LogStore& logs, Time now,
                                               store::RunRetention keep);

/// Removes images that were built for pipelines, but the newest `keep` of each, those of unfinished runs, those that a
/// container has, those of the last day, and those of projects that are `busy`: what they build may be an image that
/// the engine has already. Gives how many went.
awaitable<Result<std::size_t>> remove_old_images(Collaborators& with, std::size_t keep,
                                                 std::function<bool(const std::string& project)> busy);

}  // namespace slipway::runs
