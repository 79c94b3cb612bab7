#pragma once
#include <functional>
#include <set>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "orchestrator/queue/next_runs.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::queue {

/// Starts queued runs when there is room. It remembers nothing that the store does not have, so a restart loses
/// nothing. Borrows the store and the clock; used on one io thread.
class Scheduler {
 public:
  struct Callbacks {
    /// The run is in state preparing: drive it. When the scheduler begins also called for every run that is under way
    /// already. Never twice for one run.
    std::function<void(RunId)> start;
    /// A run that was started is to stop: somebody wants it so, or a newer one replaces it. Once per run.
    std::function<void(const store::Run&)> stop;
    /// False: there is no room for anything new at present; asked at each look. Unset: there always is.
    std::function<bool()> may_start = {};
  };

  /// Runs at the same time.
  struct Room {
    std::size_t runs = 4;
    std::size_t runs_per_project = 0;  ///< where the project itself has no limit; 0: none but `runs`
  };

  Scheduler(Executor executor, store::Store& store, const Clock& clock, Room room, Callbacks callbacks);

  /// Until cancelled. Looks again after each event of the store, and every few seconds while the store fails.
  awaitable<void> run();

  /// Starts nothing new until `release` (the engine is out); what is under way is left alone.
  void hold() { held_ = true; }
  void release();

 private:
  /// False if the store failed.
  awaitable<bool> look();
  awaitable<bool> carry_out(std::vector<RunId> next);
  awaitable<void> sleep(std::int64_t seen, bool worked);
  void tell_under_way(const std::vector<store::Run>& unfinished);
  void tell_start(RunId run);

  store::Store& store_;
  const Clock& clock_;
  Room room_;
  Callbacks callbacks_;
  bool held_ = false;
  bool released_ = false;    // since the last look began
  asio::steady_timer poke_;  // cancelled to wake `sleep`
  std::set<RunId> started_;  // those told, and not finished
  std::set<RunId> stopped_;
};

}  // namespace slipway::queue
