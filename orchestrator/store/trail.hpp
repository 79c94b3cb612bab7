#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// Something that happened in a rollout. Kept as long as the rollout is, however many events come after it.
struct TrailEntry {
  TrailEntry() = default;
  TrailEntry(RolloutId about, Time when, std::string did) : rollout(about), at(when), what(std::move(did)) {}
  RolloutId rollout;
  Time at{};
  std::int64_t fence = 0;  ///< under which it was done; 0: before there was one
  std::string host;        ///< empty: the rollout as a whole
  std::string what;        ///< a state of the rollout, or of the host
  std::string detail;      ///< why; may be empty. Of `leased`: by whom
};

class Trail {
 public:
  explicit Trail(Transaction& tx) : tx_(tx) {}

  Result<void> add(TrailEntry entry);
  /// Oldest first, at most 5000.
  Result<std::vector<TrailEntry>> list(RolloutId rollout) const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
