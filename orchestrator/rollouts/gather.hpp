#pragma once
#include <string>
#include <vector>

#include "base/async.hpp"

namespace slipway::rollouts {

/// Runs all of `work` at the same time and returns when the last has ended. What they refer to must live in the caller.
/// Cancelled, it cancels them, and still returns only when none runs.
awaitable<void> run_all(std::string name, std::vector<awaitable<void>> work);

}  // namespace slipway::rollouts
