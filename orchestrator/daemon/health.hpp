#pragma once
#include <functional>
#include <string>
#include <vector>

#include "orchestrator/http/actions.hpp"
#include "orchestrator/logs/log_store.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::daemon {

/// Whether the daemon can do its work, and its figures. Borrows the store and the logs.
class Health {
 public:
  /// Empty: the engine answers; else why not.
  using EngineReason = std::function<std::string()>;

  Health(store::Store& store, const logs::LogStore& logs, EngineReason engine)
      : store_(store), logs_(logs), engine_(std::move(engine)) {}

  awaitable<std::vector<http::Check>> checks();
  /// Prometheus text: what the store counts, and this process's memory.
  awaitable<std::string> metrics();

 private:
  store::Store& store_;
  const logs::LogStore& logs_;
  EngineReason engine_;
};

}  // namespace slipway::daemon
