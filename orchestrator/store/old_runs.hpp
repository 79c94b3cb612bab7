#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// Which finished runs of a project stay.
struct RunRetention {
  std::int64_t runs = 1'000;                        ///< the newest
  Milliseconds age = std::chrono::days(90);         ///< since they finished
  static constexpr std::int64_t kWhateverAge = 10;  ///< the newest stay however old they are
};

/// Runs that are forgotten: with their jobs, attempts, images and events. What else names them (deliveries, reruns,
/// rollouts, generations) stays and names no run any more.
class OldRuns {
 public:
  explicit OldRuns(Transaction& tx) : tx_(tx) {}

  /// Removes the oldest of those that are beyond what is kept, a bounded number at a time, and gives their ids. Never
  /// one that has not finished, whose containers may still be there, that an unfinished rerun takes work over from,
  /// that a rollout under way belongs to, or that made the promoted generation of an application.
  Result<std::vector<RunId>> prune(RunRetention keep, Time now);

  /// Those of `ids` that the store knows nothing of.
  Result<std::vector<RunId>> unknown(std::vector<RunId> ids) const;

 private:
  void forget(RunId run);

  Transaction& tx_;
};

}  // namespace slipway::store
