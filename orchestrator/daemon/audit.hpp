#pragma once
#include <string>

#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/transaction.hpp"

namespace slipway::daemon {

/// Writes `change`'s line into the audit trail in the same transaction, if it succeeded: "`who` did `what` to `name`".
inline Result<void> audited(store::Transaction& tx, const Result<void>& change, const Time at, const std::string& who,
                            const std::string& what, const std::string& name) {
  if (!change) return change;
  store::AuditEntry entry(at, who, what);
  entry.data = "{\"name\":\"" + name + "\"}";
  return store::Audit(tx).add(std::move(entry));
}

}  // namespace slipway::daemon
