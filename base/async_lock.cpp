#include "base/async_lock.hpp"

#include <boost/asio/redirect_error.hpp>

namespace slipway {

awaitable<AsyncLock::Held> AsyncLock::acquire() {
  if (!taken_) {
    taken_ = true;
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
    taken_ = false;
    return;
  }
  Waiter* next = waiting_.front();
  waiting_.pop_front();
  next->given = true;
  next->turn.cancel();
}

}  // namespace slipway
