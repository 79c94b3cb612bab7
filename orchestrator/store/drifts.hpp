#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// A host of an application that is not as its promoted generation asks.
struct HostDrift {
  std::string host;
  std::string what;  ///< one line
  Time since{};
};

/// What hosts were found to be, kept so that each drift is told once.
class Drifts {
 public:
  explicit Drifts(Transaction& tx) : tx_(tx) {}

  /// What a look at the host gave; empty `what`: nothing. If that is another than before, an event "drift.found" or
  /// "drift.gone". Answers whether it was.
  Result<bool> note(std::string application, std::string host, std::string what, Time at);
  /// By host.
  Result<std::vector<HostDrift>> list(std::string application) const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
