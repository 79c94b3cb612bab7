#pragma once
#include <functional>
#include <optional>

#include "orchestrator/store/transaction.hpp"
#include "orchestrator/store/waker.hpp"

namespace slipway::store {

/// A piece of work for the store's threads: made and awaited on the caller's thread, run on one of the store's.
class Operation {
 public:
  /// A patient one waits out a disk that takes no writes, and may be run more than once.
  explicit Operation(bool patient = false) : patient_(patient) {}
  virtual ~Operation() = default;

  /// False if it failed and must be undone. Throws what it likes.
  virtual bool run(Transaction& tx) = 0;
  /// Replaces whatever `run` gave.
  virtual void fail_with(Error error) = 0;

  [[nodiscard]] bool patient() const { return patient_; }
  /// Woken when the outcome is final.
  [[nodiscard]] const std::shared_ptr<Waker>& waker() const { return waker_; }

 private:
  bool patient_;
  std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();
};

/// An operation with its outcome, a Result. One type for all works with such an outcome, so that a program has what
/// waits for them once.
template <class Outcome>
class Pending final : public Operation {
 public:
  using Work = std::function<Outcome(Transaction&)>;

  explicit Pending(Work work, bool patient = false) : Operation(patient), work_(std::move(work)) {}

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
