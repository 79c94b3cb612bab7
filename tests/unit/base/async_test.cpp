#include "base/async.hpp"

#include <atomic>
#include <future>
#include <optional>
#include <stdexcept>
#include <thread>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include "base/process.hpp"
#include "tests/support/run_async.hpp"

using namespace slipway;
using namespace std::chrono_literals;

namespace {

awaitable<Result<int>> answer_after(Duration time) {
  co_await sleep_for(time);
  co_return 42;
}

awaitable<Result<int>> broken_work() {
  co_await sleep_for(1ms);
  throw std::runtime_error("broken");
}

awaitable<void> endless_work(bool& ended) {
  try {
    co_await sleep_for(1h);
  } catch (const std::exception&) {
    ended = true;
    throw;
  }
}

}  // namespace

TEST_CASE("what throws before its deadline is not waited for until the deadline") {
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH(run_async(with_deadline(1h, broken_work(), "broken work")), "broken");
  CHECK(std::chrono::steady_clock::now() - begin < 1min);
}

TEST_CASE("of two an exception of either ends the other at once") {
  bool ended = false;
  CHECK_THROWS_WITH(run_async(first_of(broken_work(), endless_work(ended))), "broken");
  CHECK(std::exchange(ended, false));
  CHECK_THROWS_WITH(run_async(first_of(endless_work(ended), broken_work())), "broken");
  CHECK(ended);
}

TEST_CASE("who waits for all of several can be cancelled") {
  bool ended = false;
  auto both = all_of(endless_work(ended), answer_after(1h));
  CHECK(run_async(first_of(std::move(both), sleep_for(5ms))).index() == 1);
  CHECK(ended);
}

TEST_CASE("of two the first that ends is told by its place, and the other is cancelled") {
  bool ended = false;
  const auto first = run_async(first_of(answer_after(1ms), endless_work(ended)));
  REQUIRE(first.index() == 0);
  CHECK(*std::get<0>(first) == 42);
  CHECK(ended);
  CHECK(run_async(first_of(answer_after(1h), sleep_for(1ms))).index() == 1);
}

TEST_CASE("who waits for the first of two can be cancelled") {
  bool ended = false;
  const auto result = run_async(with_deadline(5ms, as_result(answer_after(1h)), "answer"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Error::Kind::timeout);
  auto both = first_of(endless_work(ended), answer_after(1h));
  CHECK(run_async(first_of(std::move(both), sleep_for(5ms))).index() == 1);
  CHECK(ended);
}

TEST_CASE("of many the first that ends is told by its place, whatever the others would answer") {
  bool ended = false;
  const auto first = run_async(first_of(endless_work(ended), answer_after(1h), sleep_for(1ms), answer_after(1h)));
  CHECK(first.index() == 2);
  CHECK(ended);
}

TEST_CASE("all that run side by side answer in their places, whichever ends first") {
  const auto [slow, nothing, quick] = run_async(all_of(answer_after(20ms), sleep_for(1ms), answer_after(1ms)));
  CHECK(*slow == 42);
  CHECK(*quick == 42);
}

TEST_CASE("what one of several throws cancels the others, and is thrown when they have ended") {
  bool ended = false;
  CHECK_THROWS_WITH(run_async(all_of(endless_work(ended), broken_work())), "broken");
  CHECK(std::exchange(ended, false));
  CHECK_THROWS_WITH(run_async(all_of(broken_work(), endless_work(ended))), "broken");
  CHECK(ended);
}

TEST_CASE("of any number of works the first error in their order is told when all have ended") {
  int done = 0;
  const auto work = [](int& count, Duration time, const char* error) -> awaitable<Result<void>> {
    co_await sleep_for(time);
    ++count;
    if (error) co_return fail(Error::Kind::failed, error);
    co_return Result<void>();
  };
  std::vector<awaitable<Result<void>>> works;
  works.push_back(work(done, 20ms, nullptr));
  works.push_back(work(done, 10ms, "second"));
  works.push_back(work(done, 1ms, "third"));
  const Result<void> ended = run_async(all_of(std::move(works)));
  CHECK(done == 3);
  REQUIRE_FALSE(ended);
  CHECK(ended.error().message == "second");
  CHECK(run_async(all_of(std::vector<awaitable<Result<void>>>())));
}

TEST_CASE("an exception becomes an error where one is wanted") {
  const auto result = run_async(as_result(broken_work()));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Error::Kind::internal);
  CHECK(result.error().message.find("broken") != std::string::npos);
}

TEST_CASE("work that ends before its deadline gives its value") {
  const auto result = run_async(with_deadline(5s, answer_after(1ms), "answer"));
  REQUIRE(result);
  CHECK(*result == 42);
}

TEST_CASE("work that takes longer than its deadline is cancelled and answered with a timeout") {
  const auto result = run_async(with_deadline(5ms, answer_after(1h), "answer"));
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Error::Kind::timeout);
  CHECK(result.error().message == "answer took longer than 5 ms");
}

TEST_CASE("a process gets none of our sockets") {
  // As Asio makes them. A git that outlives a daemon that was killed would keep its port.
  const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(listening > 2);
  const auto outcome = run_async(run_process(ProcessSpec("sh", {"-c", "ls -l /proc/$$/fd"})));
  ::close(listening);
  REQUIRE(outcome);
  CHECK(outcome->exit_code == 0);
  CHECK(outcome->output.find("pipe:") != std::string::npos);
  CHECK(outcome->output.find("socket:") == std::string::npos);
}

TEST_CASE("a process gets its input and gives its output, errors and exit code") {
  ProcessSpec spec("sh", {"-c", "cat; echo oops >&2; exit 3"});
  spec.input = "hello";
  const auto outcome = run_async(run_process(std::move(spec)));
  REQUIRE(outcome);
  CHECK(outcome->output == "hello");
  CHECK(outcome->errors == "oops\n");
  CHECK(outcome->exit_code == 3);
}

TEST_CASE("a process may start before its input is there") {
  ProcessSpec spec("sh", {"-c", "echo started >&2; cat"});
  spec.late_input = []() -> awaitable<std::string> {
    co_await sleep_for(100ms);
    co_return "at last";
  };
  const auto outcome = run_async(run_process(std::move(spec)));
  REQUIRE(outcome);
  CHECK(outcome->output == "at last");
  CHECK(outcome->errors == "started\n");
}

TEST_CASE("a process and its children write no file over the limit") {
  ProcessSpec spec("sh", {"-c",
                          "sleep 0.2; f=$(mktemp -d); cd \"$f\"; sh -c 'head -c 3000 /dev/zero > big' 2>&1;"
                          "head -c 100 /dev/zero > small; stat -c %s big small; rm -r \"$f\""});
  spec.file_limit = 1000;
  const auto outcome = run_async(run_process(std::move(spec)));
  REQUIRE(outcome);
  CHECK(outcome->output.ends_with("1000\n100\n"));
}

TEST_CASE("a process that outlives its deadline is killed with its children") {
  ProcessSpec spec("sh", {"-c", "sleep 1000 & sleep 1000"});
  spec.deadline = 50ms;
  const auto outcome = run_async(run_process(std::move(spec)));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == Error::Kind::timeout);
}

TEST_CASE("a program that does not exist is an error that names it") {
  const auto outcome = run_async(run_process(ProcessSpec("no-such-program", {})));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == Error::Kind::not_found);
  CHECK(outcome.error().message.find("no-such-program") != std::string::npos);
}

TEST_CASE("output over the limit is read but not kept") {
  ProcessSpec spec("sh", {"-c", "head -c 100000 /dev/zero"});
  spec.output_limit = 1000;
  const auto outcome = run_async(run_process(std::move(spec)));
  REQUIRE(outcome);
  CHECK(outcome->output.size() == 1000);
  CHECK(outcome->exit_code == 0);
}

TEST_CASE("a pool runs blocking work and resumes the caller on its own executor") {
  Pool pool(1);
  const auto value = run_async([](Pool& p) -> awaitable<Result<int>> {
    auto work = [] { return Result<int>(7); };
    co_return co_await p.run(std::move(work));
  }(pool));
  CHECK(*value == 7);
}

TEST_CASE("cancelled tasks end and can be joined") {
  asio::io_context io;
  Tasks tasks(io.get_executor());
  tasks.spawn("sleeper", sleep_for(1h));
  tasks.spawn("sleeper", sleep_for(1h));
  bool joined = false;
  spawn(io.get_executor(), "joiner", [](Tasks& t, bool& flag) -> awaitable<void> {
    co_await t.join();
    flag = true;
  }(tasks, joined));
  io.run_for(5ms);
  tasks.cancel();
  io.restart();
  io.run_for(1s);
  CHECK(joined);
  CHECK(tasks.size() == 0);
}

namespace {

awaitable<int> wait_by_error_code() {
  asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
  boost::system::error_code ended;
  co_await timer.async_wait(asio::redirect_error(use_awaitable, ended));
  co_await throw_if_cancelled();
  co_return 1;
}

}  // namespace

TEST_CASE("one that learns of its cancellation by error code can throw it on") {
  asio::io_context io;
  std::exception_ptr escaped;
  asio::cancellation_signal signal;
  asio::co_spawn(io, wait_by_error_code(),
                 asio::bind_cancellation_slot(signal.slot(), [&](std::exception_ptr e, int) { escaped = e; }));
  io.run_for(5ms);
  signal.emit(asio::cancellation_type::terminal);
  io.restart();
  io.run_for(1s);
  CHECK_THROWS_AS(std::rethrow_exception(escaped), boost::system::system_error);
}

namespace {

awaitable<int> ten_after(asio::steady_timer* gate) {
  boost::system::error_code ignored;
  co_await gate->async_wait(asio::redirect_error(use_awaitable, ignored));
  co_await throw_if_cancelled();
  co_return 10;
}

awaitable<int> fails_soon() {
  co_await sleep_for(1ms);
  throw std::runtime_error("broken");
}

awaitable<int> noted(awaitable<int> work, int* into) {
  *into = co_await std::move(work);
  co_return *into;
}

awaitable<void> wait_for(Tasks* tasks, awaitable<int> work, int* into) {
  *into = co_await tasks->see_through("work", std::move(work));
}

}  // namespace

TEST_CASE("work that is seen through gives its value or its exception to who waits") {
  asio::io_context io;
  Tasks tasks(io.get_executor());
  asio::steady_timer gate(io, 1ms);
  int value = 0;
  std::exception_ptr escaped;
  asio::co_spawn(io, wait_for(&tasks, ten_after(&gate), &value), [](std::exception_ptr) {});
  asio::co_spawn(io, wait_for(&tasks, fails_soon(), &value), [&](std::exception_ptr e) { escaped = e; });
  io.run();
  CHECK(value == 10);
  REQUIRE(escaped);
  CHECK_THROWS_AS(std::rethrow_exception(escaped), std::runtime_error);
  CHECK(tasks.size() == 0);
}

TEST_CASE("work that is seen through ends also when who waits for it is cancelled") {
  asio::io_context io;
  Tasks tasks(io.get_executor());
  Tasks waiting(io.get_executor());
  asio::steady_timer gate(io, asio::steady_timer::time_point::max());
  int done = 0;
  int told = 0;
  waiting.spawn("waiter", wait_for(&tasks, noted(ten_after(&gate), &done), &told));
  io.run_for(5ms);
  waiting.cancel();
  io.restart();
  io.run_for(5ms);
  CHECK(waiting.size() == 0);
  CHECK(tasks.size() == 1);
  gate.cancel();
  io.restart();
  io.run();
  CHECK(done == 10);
  CHECK(told == 0);
  CHECK(tasks.size() == 0);
}

TEST_CASE("a wait for tasks can be cancelled, and the tasks go on") {
  asio::io_context io;
  Tasks tasks(io.get_executor());
  tasks.spawn("sleeper", sleep_for(1h));
  Tasks waiting(io.get_executor());
  waiting.spawn("waiter", tasks.join());
  io.run_for(5ms);
  waiting.cancel();
  io.restart();
  io.run_for(5ms);
  CHECK(waiting.size() == 0);
  CHECK(tasks.size() == 1);
  tasks.cancel();
  io.restart();
  io.run_for(1s);
  CHECK(tasks.size() == 0);
}

namespace {

awaitable<void> clean_up_when_cancelled(bool* cleaned) {
  bool stopped = false;
  try {
    co_await sleep_for(std::chrono::hours(1));
  } catch (const boost::system::system_error&) {
    stopped = true;
  }
  if (!stopped) co_return;
  co_await allow_cleanup();
  co_await sleep_for(std::chrono::milliseconds(1));
  *cleaned = true;
}

awaitable<void> cancel_and_join(bool* cleaned) {
  Tasks tasks(co_await asio::this_coro::executor);
  tasks.spawn("cleanup", clean_up_when_cancelled(cleaned));
  co_await sleep_for(std::chrono::milliseconds(1));
  tasks.cancel();
  co_await tasks.join();
}

}  // namespace

TEST_CASE("a coroutine that was cancelled can await its cleanup") {
  bool cleaned = false;
  run_async(cancel_and_join(&cleaned));
  CHECK(cleaned);
}

TEST_CASE("work that has not begun when nobody wants it any more never does, and its caller waits for no thread") {
  asio::io_context io;
  std::optional<Pool> pool(std::in_place, 1);
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  std::atomic<bool> begun = false;
  bool told = false;
  Tasks tasks(io.get_executor());
  const auto blocks = [](Pool& p, std::shared_future<void> until) -> awaitable<void> {
    auto work = [&until] {
      until.wait();
      return true;
    };
    (void)co_await p.run(std::move(work));
  };
  const auto leaves = [](Pool& p, std::atomic<bool>& ran, bool& said) -> awaitable<void> {
    auto work = [&ran] { return ran = true; };
    std::function<void()> unwanted = [&said] { said = true; };
    (void)co_await p.run(std::move(work), std::move(unwanted));
  };
  spawn(io.get_executor(), "blocks", blocks(*pool, released));
  tasks.spawn("leaves", leaves(*pool, begun, told));
  io.poll();  // until both wait, the second behind the first
  tasks.cancel();
  for (int i = 0; i < 200 && tasks.size() > 0; ++i) io.run_for(5ms);
  CHECK(tasks.size() == 0);
  CHECK(told);
  release.set_value();
  io.restart();
  io.run();
  pool.reset();
  CHECK_FALSE(begun);
}

TEST_CASE("work under way is told that nobody wants it any more, and its end is waited for") {
  asio::io_context io;
  Pool pool(1);
  std::atomic<bool> begun = false;
  std::atomic<bool> asked = false;
  std::atomic<bool> ended = false;
  Tasks tasks(io.get_executor());
  const auto caller = [](Pool& p, std::atomic<bool>& begin, std::atomic<bool>& stop,
                         std::atomic<bool>& end) -> awaitable<void> {
    auto work = [&] {
      begin = true;
      while (!stop) std::this_thread::sleep_for(1ms);
      std::this_thread::sleep_for(30ms);
      return end = true;
    };
    std::function<void()> unwanted = [&stop] { stop = true; };
    (void)co_await p.run(std::move(work), std::move(unwanted));
  };
  tasks.spawn("caller", caller(pool, begun, asked, ended));
  io.poll();
  while (!begun) std::this_thread::sleep_for(1ms);
  tasks.cancel();
  io.restart();
  io.run();
  CHECK(ended);
}

TEST_CASE("work of a pool goes on when its caller is cancelled, and the caller waits for its end") {
  asio::io_context io;
  Pool pool(1);
  std::atomic<int> finished = 0;
  bool resumed = false;
  Tasks tasks(io.get_executor());
  const auto caller = [](Pool& p, std::atomic<int>& count, bool& after) -> awaitable<void> {
    auto work = [&count] {
      std::this_thread::sleep_for(30ms);
      return ++count;
    };
    (void)co_await p.run(std::move(work));
    after = true;
  };
  // One that runs and two that wait in the pool's queue.
  for (int i = 0; i < 3; ++i) tasks.spawn("caller", caller(pool, finished, resumed));
  io.poll();
  tasks.cancel();
  io.restart();
  io.run();
  CHECK(tasks.size() == 0);
  CHECK(finished == 3);
  CHECK_FALSE(resumed);
}
