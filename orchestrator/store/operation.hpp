#pragma once
#include <optional>
#include <type_traits>

#include "base/async.hpp"
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// A piece of work for the store's threads. Made and awaited on the caller's thread, run on a thread of the store.
class Operation {
 public:
  virtual ~Operation() = default;

  /// False if it failed and must be undone; throws what `run` of a Transaction throws.
  virtual bool run(Transaction& tx) = 0;
  /// Replaces whatever `run` gave.
  virtual void fail_with(Error error) = 0;

  /// Who waits; to be called before it is handed over.
  void expect(const Executor& executor) { turn_.emplace(executor, asio::steady_timer::time_point::max()); }
  /// Resolves after `complete`. Cancelling throws, and leaves the operation to itself.
  awaitable<void> done();
  /// The outcome is final: wakes who waits. From any thread; `self` keeps it alive until then.
  static void complete(std::shared_ptr<Operation> self);

 private:
  std::optional<asio::steady_timer> turn_;  // never expires; cancelled to wake
  bool completed_ = false;                  // touched on the caller's executor only
};

/// An operation with its outcome. `Work` is a Result<T>(Transaction&).
template <class Work>
class Pending final : public Operation {
 public:
  using Outcome = std::invoke_result_t<Work&, Transaction&>;

  explicit Pending(Work work) : work_(std::move(work)) {}

  bool run(Transaction& tx) override {
    outcome_.emplace(work_(tx));
    return outcome_->has_value();
  }
  void fail_with(Error error) override { outcome_.emplace(fail(std::move(error))); }
  Outcome take() { return std::move(*outcome_); }

 private:
  Work work_;
  std::optional<Outcome> outcome_;
};

}  // namespace slipway::store
