#include "orchestrator/store/operation.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>

namespace slipway::store {

awaitable<void> Operation::done() {
  if (completed_) co_return;
  co_await turn_->async_wait(asio::as_tuple(use_awaitable));
  if (!completed_) throw boost::system::system_error(asio::error::operation_aborted);
}

void Operation::complete(std::shared_ptr<Operation> self) {
  const auto executor = self->turn_->get_executor();
  asio::post(executor, [self = std::move(self)] {
    self->completed_ = true;
    self->turn_->cancel();
  });
}

}  // namespace slipway::store
