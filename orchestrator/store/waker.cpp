#include "orchestrator/store/waker.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

namespace slipway::store {

/// The timer, for as long as the coroutine waits: a timer must not outlive its executor, a Waker may.
class Waker::Turn {
 public:
  Turn(std::shared_ptr<Waker> waker, const Executor& executor) : waker_(std::move(waker)) {
    const std::lock_guard lock(waker_->mutex_);
    waker_->turn_.emplace(executor, asio::steady_timer::time_point::max());
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  ~Turn() {
    const std::lock_guard lock(waker_->mutex_);
    waker_->turn_.reset();
  }

  asio::steady_timer& timer() { return *waker_->turn_; }
  bool woken() {
    const std::lock_guard lock(waker_->mutex_);
    return waker_->woken_;
  }

 private:
  std::shared_ptr<Waker> waker_;
};

awaitable<void> Waker::wait(std::shared_ptr<Waker> self) {
  Turn turn(std::move(self), co_await asio::this_coro::executor);
  if (turn.woken()) co_return;
  co_await turn.timer().async_wait(asio::as_tuple(use_awaitable));
  if (!turn.woken()) throw boost::system::system_error(asio::error::operation_aborted);
}

void Waker::wake(const std::shared_ptr<Waker>& self) {
  const std::lock_guard lock(self->mutex_);
  self->woken_ = true;
  if (!self->turn_) return;
  // Posted: a timer belongs to its executor's thread, and its wait may not have begun yet.
  asio::post(self->turn_->get_executor(), [self] {
    const std::lock_guard inner(self->mutex_);
    if (self->turn_) self->turn_->cancel();
  });
}

}  // namespace slipway::store
