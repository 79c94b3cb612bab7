#include "base/async_lock.hpp"

#include <boost/asio/redirect_error.hpp>

namespace slipway {

awaitable<AsyncLock::Held> AsyncLock::acquire() {
  if (free_ > 0) {
    --free_;
    co_return Held(*this);
  }
  Waiter waiter(co_await asio::this_coro::executor);
  waiting_.push_back(&waiter);
  boost::system::error_code ignored;
  co_await waiter.turn.async_wait(asio::redirect_error(use_awaitable, ignored));
  if (!waiter.given) {
    waiting_.remove(&waiter);
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return Held(*this);
}

void AsyncLock::release() {
  if (waiting_.empty()) {
    ++free_;
    return;
  }
  Waiter* next = waiting_.front();
  waiting_.pop_front();
  next->given = true;
  next->turn.cancel();
}

std::shared_ptr<AsyncLock> AsyncLocks::of(const std::string& name) {
  std::erase_if(locks_, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<AsyncLock>& kept = locks_[name];
  std::shared_ptr<AsyncLock> lock = kept.lock();
  if (!lock) kept = lock = std::make_shared<AsyncLock>(holders_);
  return lock;
}

}  // namespace slipway
