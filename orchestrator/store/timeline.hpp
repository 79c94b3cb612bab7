#pragma once
#include <initializer_list>

#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// A field of an event's data; empty texts are left out.
struct Detail {
  template <class T>
  Detail(std::string_view k, T&& v) : key(k), value(std::forward<T>(v)) {}
  std::string_view key;
  Value value;
};

/// Adds the event of a change of state to a run's timeline, in the same transaction. Events of the run itself ("run.…")
/// also put a "commit-status" message for the project's forge into the outbox.
void tell(Transaction& tx, RunId run, std::string_view kind, Time at, std::initializer_list<Detail> details = {});
/// The same for a rollout, of the project that its application is of: one that a person asked for has no run.
void tell(Transaction& tx, RolloutId rollout, std::string_view kind, Time at,
          std::initializer_list<Detail> details = {});

}  // namespace slipway::store
