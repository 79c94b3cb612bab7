#pragma once
#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "orchestrator/http/actions.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::daemon {

/// Backups of a data folder that is in use: its database as of one moment, and its logs if wanted; never its key file.
/// One at a time. Borrows what it is given.
class Backups {
 public:
  Backups(store::Store& store, Pool& pool, const Clock& clock, std::filesystem::path folder)
      : store_(store), pool_(pool), clock_(clock), folder_(std::move(folder)) {}

  /// Resolves when the copy of the database is made; it needs as much room in the data folder again until the stream
  /// has ended. Another backup under way is Kind::conflict.
  awaitable<Result<std::unique_ptr<http::Stream>>> make(bool with_logs, http::Actor actor);

 private:
  store::Store& store_;
  Pool& pool_;
  const Clock& clock_;
  std::filesystem::path folder_;
  std::shared_ptr<bool> busy_ = std::make_shared<bool>(false);  // streams may outlive this
};

}  // namespace slipway::daemon
