#pragma once
#include <map>

#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// Counts for metrics and the front page, by name.
struct Figures {
  std::map<std::string, std::int64_t> runs_by_state;    ///< unfinished ones
  std::map<std::string, std::int64_t> runs_by_verdict;  ///< finished ones
  std::map<std::string, std::int64_t> deliveries_by_decision;
  std::map<std::string, std::int64_t> messages_by_state;
  std::int64_t open_rollouts = 0;
  std::optional<Time> oldest_queued;  ///< run
};

class Counts {
 public:
  explicit Counts(Transaction& tx) : tx_(tx) {}
  Result<Figures> all() const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
