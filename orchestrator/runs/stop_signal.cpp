#include "orchestrator/runs/stop_signal.hpp"

#include <boost/asio/redirect_error.hpp>

namespace slipway::runs {

void StopSignal::ask(std::string reason) {
  if (std::exchange(asked_, true)) return;
  reason_ = std::move(reason);
  timer_.expires_at(asio::steady_timer::time_point::min());
}

awaitable<void> StopSignal::wait() {
  while (!asked_) {
    boost::system::error_code ended;
    co_await timer_.async_wait(asio::redirect_error(use_awaitable, ended));
    if (asked_) co_return;
    co_await throw_if_cancelled();
  }
}

}  // namespace slipway::runs
