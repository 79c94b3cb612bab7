#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// The anchor of the clock that deadlines are told by (base/clock.hpp), so that they hold across restarts.
class ClockAnchor {
 public:
  explicit ClockAnchor(Transaction& tx) : tx_(tx) {}

  /// The anchor of this start of the machine: the one agreed on before, else `fresh` from now on. Without a `boot` id
  /// it is always `fresh`.
  Result<Milliseconds> agree(std::string boot, Milliseconds fresh);

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
