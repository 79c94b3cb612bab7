#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// Who did what: changes by people and tokens.
struct AuditEntry {
  AuditEntry() = default;
  AuditEntry(Time when, std::string whom, std::string act) : at(when), who(std::move(whom)), what(std::move(act)) {}
  std::int64_t id = 0;
  Time at{};
  std::string who;
  std::string what;         ///< "project.add", "run.cancel"
  std::string data = "{}";  ///< JSON without secrets
  RolloutId rollout;        ///< that it is about; 0: none
};

class Audit {
 public:
  explicit Audit(Transaction& tx) : tx_(tx) {}

  Result<void> add(AuditEntry entry);
  /// What people said about a rollout, oldest first, at most 1000.
  Result<std::vector<AuditEntry>> of_rollout(RolloutId rollout) const;
  /// Newest first, at most 200; `next` is for `before`, which is 0 at first.
  Result<Page<AuditEntry>> list(std::int64_t before, std::size_t limit) const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
