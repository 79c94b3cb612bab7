#pragma once
#include "base/async.hpp"
#include "base/clock.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::store {

/// How much is kept of what anybody outside can make grow.
struct Retention {
  std::int64_t events = 200'000;
  std::int64_t deliveries = 20'000;
  std::int64_t refused_deliveries = 2'000;
  std::int64_t bodies = 1'000;                   ///< of deliveries; at most 1 MiB each
  Milliseconds messages = std::chrono::days(7);  ///< that were sent or given up
};

/// Removes what is too much, in small commits between which others have their turn. Returns when nothing is.
awaitable<Result<void>> tidy(Store& store, Time now, Retention keep);

/// Tidies at once and then every ten minutes, until cancelled. Borrows both.
awaitable<void> keep_tidy(Store& store, const Clock& clock, Retention keep = {});

}  // namespace slipway::store
