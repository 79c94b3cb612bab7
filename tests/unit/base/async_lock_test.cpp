#include "base/async_lock.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace slipway;
using namespace std::chrono_literals;

namespace {

awaitable<void> visit(AsyncLock& lock, int number, int& inside, std::vector<int>& order) {
  const auto held = co_await lock.acquire();
  CHECK(++inside == 1);
  co_await sleep_for(1ms);
  order.push_back(number);
  --inside;
}

}  // namespace

TEST_CASE("one holds the lock at a time, in the order they came") {
  asio::io_context io;
  AsyncLock lock;
  int inside = 0;
  std::vector<int> order;
  for (int i = 0; i < 5; ++i) spawn(io.get_executor(), "visitor", visit(lock, i, inside, order));
  io.run();
  CHECK(order == std::vector{0, 1, 2, 3, 4});
}

TEST_CASE("one that is cancelled while it waits for the lock does not keep the others out") {
  asio::io_context io;
  AsyncLock lock;
  int inside = 0;
  std::vector<int> order;
  spawn(io.get_executor(), "first", visit(lock, 0, inside, order));
  Tasks impatient(io.get_executor());
  impatient.spawn("impatient", visit(lock, 1, inside, order));
  spawn(io.get_executor(), "last", visit(lock, 2, inside, order));
  spawn(io.get_executor(), "canceller", [](Tasks& tasks) -> awaitable<void> {
    tasks.cancel();
    co_await tasks.join();
  }(impatient));
  io.run();
  CHECK(order == std::vector{0, 2});
}

TEST_CASE("as many hold a lock as it has holders, and one that waits comes in when one of them leaves") {
  asio::io_context io;
  AsyncLock lock(2);
  int inside = 0;
  int most = 0;
  const auto guest = [](AsyncLock& door, int& now, int& ever) -> awaitable<void> {
    const auto held = co_await door.acquire();
    ever = std::max(ever, ++now);
    co_await sleep_for(1ms);
    --now;
  };
  for (int i = 0; i < 5; ++i) spawn(io.get_executor(), "guest", guest(lock, inside, most));
  io.run();
  CHECK(most == 2);
  CHECK(inside == 0);
}

TEST_CASE("a name has one lock for as long as somebody has it") {
  AsyncLocks locks;
  const std::shared_ptr<AsyncLock> first = locks.of("project-1");
  CHECK(locks.of("project-1") == first);
  CHECK(locks.of("project-2") != first);
}
