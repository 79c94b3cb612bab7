#include "base/cancellation.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <catch2/catch.hpp>

#include "base/async.hpp"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

awaitable<void> throws(boost::system::error_code code) {
  throw boost::system::system_error(code);
  co_return;
}

awaitable<void> race(boost::system::error_code code) {
  auto both = first_of(throws(code), throws(code));
  co_await std::move(both);
}

awaitable<Result<void>> sleeps() {
  co_await sleep_for(10s);
  co_return Result<void>();
}

awaitable<void> waits_with_a_deadline() {
  auto work = sleeps();
  (void)co_await with_deadline(20s, std::move(work), "sleep");
}

std::exception_ptr thrown_by(awaitable<void> work, bool cancel) {
  asio::io_context io;
  asio::cancellation_signal signal;
  std::exception_ptr thrown;
  asio::co_spawn(io, std::move(work),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr escaped) { thrown = escaped; }));
  io.poll();
  if (cancel) signal.emit(asio::cancellation_type::all);
  io.run_for(5s);
  return thrown;
}

}  // namespace

TEST_CASE("a race of which both sides were cancelled is a cancellation, and one of which both sides failed is none") {
  CHECK(is_cancellation(thrown_by(race(asio::error::operation_aborted), false)));
  CHECK_FALSE(is_cancellation(thrown_by(race(asio::error::connection_refused), false)));
  CHECK_FALSE(is_cancellation(std::make_exception_ptr(std::runtime_error("a bug"))));
  CHECK_FALSE(is_cancellation(nullptr));
}

TEST_CASE("who is cancelled while it waits with a deadline says so") {
  CHECK(is_cancellation(thrown_by(waits_with_a_deadline(), true)));
}
