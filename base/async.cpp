#include "base/async.hpp"

#include <exception>
#include <system_error>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>

#include "base/cancellation.hpp"
#include "base/log.hpp"

namespace slipway {
namespace {

void log_escape(const std::string& name, std::exception_ptr escaped) {
  if (!escaped || is_cancellation(escaped)) return;
  try {
    std::rethrow_exception(escaped);
  } catch (const std::exception& e) {
    log::error("task ended by exception", {{"task", name}, {"what", e.what()}});
  }
}

}  // namespace

awaitable<void> sleep_for(Duration time) {
  asio::steady_timer timer(co_await asio::this_coro::executor, time);
  co_await timer.async_wait(use_awaitable);
}

awaitable<void> throw_if_cancelled() {
  const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
}

void spawn(Executor executor, std::string name, awaitable<void> work) {
  asio::co_spawn(executor, std::move(work),
                 [name = std::move(name)](std::exception_ptr escaped) { log_escape(name, escaped); });
}

Tasks::Tasks(Executor executor) : executor_(executor), idle_(executor, std::chrono::steady_clock::time_point::max()) {}

Tasks::~Tasks() {
  if (!signals_.empty()) log::error("tasks outlive their owner", {{"count", signals_.size()}});
}

void Tasks::spawn(std::string name, awaitable<void> work) {
  const auto place = signals_.emplace(signals_.end());
  asio::co_spawn(
      executor_, std::move(work),
      asio::bind_cancellation_slot(place->slot(), [this, place, name = std::move(name)](std::exception_ptr escaped) {
        log_escape(name, escaped);
        signals_.erase(place);
        if (signals_.empty()) idle_.cancel();
      }));
}

void Tasks::cancel() {
  // A task that ends at once erases its own signal, so step on before emitting.
  for (auto place = signals_.begin(); place != signals_.end();) {
    auto& signal = *place++;
    signal.emit(asio::cancellation_type::terminal);
  }
}

awaitable<void> Tasks::join() {
  while (!signals_.empty()) {
    boost::system::error_code ignored;
    co_await idle_.async_wait(asio::redirect_error(use_awaitable, ignored));
    co_await throw_if_cancelled();
  }
}

namespace detail {
namespace {

template <class Until>
auto group_of(const Executor& executor, std::vector<awaitable<void>> works, Until until) {
  std::vector<decltype(asio::co_spawn(executor, std::declval<awaitable<void>>(), asio::deferred))> operations;
  operations.reserve(works.size());
  for (awaitable<void>& work : works) {
    operations.push_back(asio::co_spawn(executor, std::move(work), asio::deferred));
  }
  return asio::experimental::make_parallel_group(std::move(operations)).async_wait(until, asio::deferred);
}

}  // namespace

awaitable<std::size_t> race(std::vector<awaitable<void>> works) {
  auto group = group_of(co_await asio::this_coro::executor, std::move(works), asio::experimental::wait_for_one());
  const auto [order, escaped] = co_await std::move(group);
  co_return order.front();
}

awaitable<void> side_by_side(std::vector<awaitable<void>> works) {
  auto group = group_of(co_await asio::this_coro::executor, std::move(works), asio::experimental::wait_for_one_error());
  const auto [order, escaped] = co_await std::move(group);
  for (const std::size_t place : order) {
    if (escaped[place]) std::rethrow_exception(escaped[place]);
  }
}

awaitable<void> until_woken(asio::steady_timer& timer) {
  boost::system::error_code ignored;
  co_await timer.async_wait(asio::redirect_error(use_awaitable, ignored));
  co_await throw_if_cancelled();
}

awaitable<void> expire(Duration limit) {
  co_await sleep_for(limit);
}

Completion::Completion(Executor executor)
    : executor_(std::move(executor)), reached_(executor_, asio::steady_timer::time_point::max()) {}

void Completion::reach() {
  done_ = true;
  reached_.cancel();
}

awaitable<void> Completion::wait(std::function<bool()> may_leave) {
  const bool throwing = co_await asio::this_coro::throw_if_cancelled();
  co_await asio::this_coro::throw_if_cancelled(false);
  bool left = false;
  while (!done_ && !left) {
    boost::system::error_code ignored;
    co_await reached_.async_wait(asio::redirect_error(use_awaitable, ignored));
    left = !done_ && may_leave && may_leave();  // nothing but a cancellation wakes it before the end
  }
  co_await asio::this_coro::throw_if_cancelled(throwing);
  if (left) throw boost::system::system_error(asio::error::operation_aborted);
  if (throwing) co_await slipway::throw_if_cancelled();
}
}  // namespace detail

awaitable<Result<void>> all_of(std::vector<awaitable<Result<void>>> works) {
  std::vector<std::optional<Result<void>>> results(works.size());
  std::vector<awaitable<void>> kept;
  for (std::size_t i = 0; i < works.size(); ++i) kept.push_back(detail::keep_value(std::move(works[i]), results[i]));
  if (kept.empty()) co_return Result<void>();
  auto running = detail::side_by_side(std::move(kept));
  co_await std::move(running);
  for (const std::optional<Result<void>>& result : results) {
    if (!*result) co_return fail(result->error());
  }
  co_return Result<void>();
}

Pool::~Pool() {
  open_.reset();
  for (std::thread& thread : threads_) thread.join();
}

Result<void> Pool::start() {
  try {
    make_threads();
  } catch (const std::system_error& refused) {
    return fail(Error::Kind::unavailable, std::string("no thread can be made: ") + refused.what());
  }
  return {};
}

/// One by one, since some are enough. (asio::thread_pool, refused one of several, waits for ever for the others.)
void Pool::make_threads() {
  const std::lock_guard held(making_);
  while (threads_.size() < count_) {
    try {
      threads_.emplace_back([this] { work_.run(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) throw;
      return;
    }
  }
}

}  // namespace slipway
