#pragma once
#include <vector>

#include "base/async.hpp"

namespace slipway::runs {

/// Runs all of `works` side by side and waits for each of them; the first error in their order, if there is one.
awaitable<Result<void>> all_of(std::vector<awaitable<Result<void>>> works);

}  // namespace slipway::runs
