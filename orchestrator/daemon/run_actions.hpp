#pragma once
#include "orchestrator/http/actions.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::daemon {

/// What the API asks of runs and tokens. Borrows all it is given.
class RunActions {
 public:
  RunActions(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// Queues a run; the commit is found out when it is prepared, if the order names none.
  awaitable<Result<RunId>> trigger(http::TriggerOrder order, http::Actor actor);
  awaitable<Result<void>> cancel(RunId run, http::Actor actor);
  awaitable<Result<RunId>> rerun(RunId run, bool failed_only, http::Actor actor);
  awaitable<Result<void>> approve(RunId run, http::Actor actor);

 private:
  store::Store& store_;
  const Clock& clock_;
};

}  // namespace slipway::daemon
