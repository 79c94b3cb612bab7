#pragma once
#include <memory>
#include <mutex>
#include <optional>

#include "base/async.hpp"

namespace slipway::store {

/// Lets a coroutine wait for something that another thread does. One wait, one wake, in any order.
class Waker {
 public:
  /// Resolves after `wake`, at once if that was before. Cancelling throws, and nothing of the waiting one is touched
  /// any more: its executor may be gone when `wake` comes.
  static awaitable<void> wait(std::shared_ptr<Waker> self);
  /// From any thread.
  static void wake(const std::shared_ptr<Waker>& self);

 private:
  class Turn;

  std::mutex mutex_;
  bool woken_ = false;
  std::optional<asio::steady_timer> turn_;  // of a waiting coroutine; never expires, cancelled to wake
};

}  // namespace slipway::store
