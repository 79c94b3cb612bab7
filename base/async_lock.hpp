#pragma once
#include <list>
#include <map>
#include <memory>
#include <string>

#include "base/async.hpp"

namespace slipway {

/// A mutex for coroutines of one io thread, first come, first served; or what `holders` may hold at the same time.
/// Cancelling a wait gives its place up.
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

  explicit AsyncLock(std::size_t holders = 1) : free_(holders) {}
  awaitable<Held> acquire();

 private:
  struct Waiter {
    explicit Waiter(const Executor& executor) : turn(executor, asio::steady_timer::time_point::max()) {}
    asio::steady_timer turn;
    bool given = false;
  };
  void release();

  std::list<Waiter*> waiting_;
  std::size_t free_;
};

/// A lock for each name, made when it is first asked for. For the io thread alone, as they are.
class AsyncLocks {
 public:
  explicit AsyncLocks(std::size_t holders = 1) : holders_(holders) {}
  /// It lives as long as somebody holds what is answered.
  std::shared_ptr<AsyncLock> of(const std::string& name);

 private:
  std::size_t holders_;
  std::map<std::string, std::weak_ptr<AsyncLock>> locks_;
};

}  // namespace slipway
