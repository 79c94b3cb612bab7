#pragma once
#include "base/async.hpp"
#include "base/clock.hpp"
#include "orchestrator/rollouts/compose/decode.hpp"
#include "orchestrator/rollouts/host_directory.hpp"
#include "orchestrator/rollouts/metrics_source.hpp"
#include "orchestrator/rollouts/registries.hpp"
#include "orchestrator/rollouts/traffic.hpp"
#include "orchestrator/runs/transfer_report.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::rollouts {

/// What rollouts are made with. All of it is borrowed and outlives them; everything runs on `executor`'s one thread.
struct Parts {
  Executor executor;
  store::Store& store;
  HostDirectory& hosts;
  Registries& registries;
  SecretSource& secrets;
  Traffic& traffic;
  Pool& pool;  ///< for HTTP to health gates and sources of metrics, which may take long to answer
  const Clock& clock;
  ComposeRules rules;
  /// By which it is told how long things may take, if not by `clock`: one that no step of the wall clock moves.
  const Clock* deadlines = nullptr;
  const MetricsSources* metrics = nullptr;                ///< absent: none
  Milliseconds transfer_lines = runs::kTransferInterval;  ///< how often it is told of pulls, at most

  [[nodiscard]] Time deadline_now() const { return deadlines != nullptr ? deadlines->now() : clock.now(); }
};

}  // namespace slipway::rollouts
