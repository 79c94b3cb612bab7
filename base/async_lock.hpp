#pragma once
#include <list>

#include "base/async.hpp"

namespace slipway {

/// A mutex for coroutines of one io thread, first come, first served. Cancelling a wait gives its place up.
///   auto held = co_await lock.acquire();
class AsyncLock {
 public:
  class Held {
   public:
    explicit Held(AsyncLock& lock) : lock_(&lock) {}
    Held(Held&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
    Held& operator=(Held&&) = delete;
    ~Held() {
      if (lock_) lock_->release();
    }

   private:
    AsyncLock* lock_;
  };

  awaitable<Held> acquire();

 private:
  struct Waiter {
    explicit Waiter(const Executor& executor) : turn(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer turn;
    bool given = false;
  };
  void release();

  std::list<Waiter*> waiting_;
  bool taken_ = false;
};

}  // namespace slipway
