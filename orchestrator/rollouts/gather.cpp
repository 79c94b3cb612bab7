#include "orchestrator/rollouts/gather.hpp"

namespace slipway::rollouts {

awaitable<void> run_all(std::string name, std::vector<awaitable<void>> work) {
  Tasks tasks(co_await asio::this_coro::executor);
  for (awaitable<void>& one : work) tasks.spawn(name, std::move(one));
  std::exception_ptr stopped;
  try {
    co_await tasks.join();
  } catch (...) {
    stopped = std::current_exception();
  }
  if (!stopped) co_return;
  co_await allow_cleanup();
  tasks.cancel();
  co_await tasks.join();
  std::rethrow_exception(stopped);
}

}  // namespace slipway::rollouts
