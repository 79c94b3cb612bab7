#pragma once
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/cancellation.hpp"
#include "base/result.hpp"

/// The coroutine vocabulary. Rules that every caller keeps (docs/decisions/0002-coroutines.md):
///  - parameters by value, no capturing-lambda coroutines;
///  - an argument inside a `co_await` expression that is an aggregate or a capturing lambda is named first and moved in
///    (g++ 12.2 destroys such a temporary twice);
///  - cancellation arrives as boost::system::system_error(operation_aborted); everything else foreseeable is a Result.
namespace slipway {

namespace asio = boost::asio;
template <class T = void>
using awaitable = asio::awaitable<T>;
using asio::use_awaitable;
using Executor = asio::any_io_executor;
using Duration = std::chrono::steady_clock::duration;

/// Suspends for `time`. Cancelling ends it at once.
awaitable<void> sleep_for(Duration time);

/// After cancellation: lets this coroutine await again, for a cleanup that has a deadline of its own.
/// No coroutine of its own: a cancelled one may not even begin to await another.
inline auto allow_cleanup() {
  return asio::this_coro::reset_cancellation_state();
}

/// Throws what cancellation throws if this coroutine has been cancelled: after an operation that told it by error code.
/// (Asking in an `if` of one's own, `if ((co_await cancellation_state).cancelled() …) throw`, makes g++ 12.2 emit code
/// that crashes when the coroutine is destroyed.)
awaitable<void> throw_if_cancelled();

/// Runs `work` on `executor`, detached; an exception that escapes is logged with `name` (cancellation is not).
void spawn(Executor executor, std::string name, awaitable<void> work);

namespace detail {

/// Of work that somebody else waits for, who may stop waiting.
template <class T>
struct Outcome {
  explicit Outcome(Executor executor) : ended(executor, asio::steady_timer::time_point::max()) {}
  std::optional<T> value;
  std::exception_ptr escaped;
  asio::steady_timer ended;  // never expires; cancelled to wake who waits
};

template <class T>
awaitable<void> work_for(std::shared_ptr<Outcome<T>> outcome, awaitable<T> work) {
  try {
    T value = co_await std::move(work);
    outcome->value.emplace(std::move(value));
  } catch (...) {
    outcome->escaped = std::current_exception();
  }
  outcome->ended.cancel();
}

/// Until `timer` is cancelled; throws if it is the caller that is.
awaitable<void> until_woken(asio::steady_timer& timer);

}  // namespace detail

/// Coroutines that live no longer than their owner. Destroying it before `join()` has returned is a bug.
class Tasks {
 public:
  explicit Tasks(Executor executor);
  Tasks(const Tasks&) = delete;
  Tasks& operator=(const Tasks&) = delete;
  ~Tasks();

  void spawn(std::string name, awaitable<void> work);
  /// Spawns `work` and waits for what it answers or throws. Cancelling the caller ends its waiting, never the work: for
  /// what must not be left half done by one who has no time any more.
  template <class T>
  awaitable<T> see_through(std::string name, awaitable<T> work) {
    auto outcome = std::make_shared<detail::Outcome<T>>(executor_);
    spawn(std::move(name), detail::work_for(outcome, std::move(work)));
    while (!outcome->value && !outcome->escaped) co_await detail::until_woken(outcome->ended);
    if (outcome->escaped) std::rethrow_exception(outcome->escaped);
    co_return std::move(*outcome->value);
  }
  /// Asks all that run now to stop.
  void cancel();
  /// Waits until none is left; cancelling the wait leaves them running.
  awaitable<void> join();
  [[nodiscard]] std::size_t size() const { return signals_.size(); }

 private:
  Executor executor_;
  std::list<asio::cancellation_signal> signals_;
  asio::steady_timer idle_;  // never expires; cancelled to wake `join`
};

/// `work`, whose exceptions, cancellation aside, are Kind::internal: for work whose end somebody has to be told of.
template <class T>
awaitable<Result<T>> as_result(awaitable<Result<T>> work) {
  try {
    co_return co_await std::move(work);
  } catch (const std::exception& escaped) {
    if (is_cancellation(std::current_exception())) throw;
    co_return fail(Error::Kind::internal, std::string("unexpected: ") + escaped.what());
  }
}

namespace detail {

template <class T>
using ValueOf = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

/// What a coroutine answered or threw.
template <class T>
struct Caught {
  std::optional<ValueOf<T>> value;
  std::exception_ptr escaped;

  ValueOf<T> take() {
    if (escaped) std::rethrow_exception(escaped);
    return std::move(*value);
  }
};

// What these write to is the caller's, who waits for their end.

template <class T>
awaitable<void> keep_value(awaitable<T> work, std::optional<ValueOf<T>>& value) {
  if constexpr (std::is_void_v<T>) {
    co_await std::move(work);
    value.emplace();
  } else {
    T answer = co_await std::move(work);
    value.emplace(std::move(answer));
  }
}

template <class T>
awaitable<void> keep_outcome(awaitable<T> work, Caught<T>& outcome) {
  try {
    auto keeping = keep_value(std::move(work), outcome.value);
    co_await std::move(keeping);
  } catch (...) {
    outcome.escaped = std::current_exception();
  }
}

// Side by side, by their types alone: what Asio makes of such a group is a third of a coroutine file's compile time and
// code, so it is made once.

/// The place of the one that ends first; the others are cancelled and waited for. None of them throws.
awaitable<std::size_t> race(std::vector<awaitable<void>> works);
/// Until all have ended. What one throws cancels the others, and is thrown when they have ended.
awaitable<void> side_by_side(std::vector<awaitable<void>> works);

template <class... T, std::size_t... Place>
awaitable<std::variant<ValueOf<T>...>> first_of(std::index_sequence<Place...>, awaitable<T>... works) {
  using First = std::variant<ValueOf<T>...>;
  std::tuple<Caught<T>...> outcomes;
  std::vector<awaitable<void>> kept;
  kept.reserve(sizeof...(T));
  (kept.push_back(keep_outcome(std::move(works), std::get<Place>(outcomes))), ...);
  auto running = race(std::move(kept));
  const std::size_t first = co_await std::move(running);
  std::optional<First> answer;
  ((Place == first ? void(answer.emplace(std::in_place_index<Place>, std::get<Place>(outcomes).take())) : void()), ...);
  co_return std::move(*answer);
}

template <class... T, std::size_t... Place>
awaitable<std::tuple<ValueOf<T>...>> all_of(std::index_sequence<Place...>, awaitable<T>... works) {
  std::tuple<std::optional<ValueOf<T>>...> values;
  std::vector<awaitable<void>> kept;
  kept.reserve(sizeof...(T));
  (kept.push_back(keep_value(std::move(works), std::get<Place>(values))), ...);
  auto running = side_by_side(std::move(kept));
  co_await std::move(running);
  co_return std::tuple<ValueOf<T>...>(std::move(*std::get<Place>(values))...);
}

}  // namespace detail

/// What the first of them answers or throws, by its place; the others are cancelled and waited for. (`a || b` of Asio
/// holds an exception back until the other has ended, too, which may be never.)
template <class... T>
awaitable<std::variant<detail::ValueOf<T>...>> first_of(awaitable<T>... works) {
  return detail::first_of(std::index_sequence_for<T...>(), std::move(works)...);
}

/// What all of them answer, run side by side. What one throws cancels the others, and is thrown when they have ended.
template <class... T>
awaitable<std::tuple<detail::ValueOf<T>...>> all_of(awaitable<T>... works) {
  return detail::all_of(std::index_sequence_for<T...>(), std::move(works)...);
}

/// The same of any number: the first error in their order, if there is one. An error cancels none of them.
awaitable<Result<void>> all_of(std::vector<awaitable<Result<void>>> works);

namespace detail {
awaitable<void> expire(Duration limit);
}

/// `work`, cancelled and answered with Kind::timeout ("`what` took longer than …") if it takes longer than `limit`.
template <class T>
awaitable<Result<T>> with_deadline(Duration limit, awaitable<Result<T>> work, std::string what) {
  auto race = first_of(std::move(work), detail::expire(limit));
  auto outcome = co_await std::move(race);
  if (outcome.index() == 0) co_return std::move(std::get<0>(outcome));
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(limit).count();
  co_return fail(Error::Kind::timeout, what + " took longer than " + std::to_string(ms) + " ms");
}

namespace detail {

/// The end of work on another thread, waited for on the thread that asked for it.
class Completion {
 public:
  explicit Completion(Executor executor);
  Executor& executor() { return executor_; }
  /// On the executor's thread.
  void reach();
  /// Waits whether cancelled or not, and throws only then. When it is cancelled before the end, it asks `may_leave`, if
  /// there is one, and waits no longer if that says so.
  awaitable<void> wait(std::function<bool()> may_leave);

 private:
  Executor executor_;
  asio::steady_timer reached_;  // never expires; cancelled to wake `wait`
  bool done_ = false;
};

}  // namespace detail

/// Threads for what blocks: files, hashing, libcurl. They are made when the first work comes, and are not shared
/// between what may block for long and what may not (docs/decisions/0110). The work must not touch what the io thread
/// owns. Going, it waits for all work that was given to it.
class Pool {
 public:
  explicit Pool(std::size_t threads) : count_(threads) {}
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  /// Makes the threads now, for work that has to find some. Kind::unavailable if the machine grants none (EAGAIN: too
  /// many processes, too little memory). Of those that it does not grant yet it is asked again when work comes.
  Result<void> start();

  /// Runs `work()` on a pool thread and resumes the caller on its own executor. Cancelling does not stop the work; the
  /// caller resumes when it has ended, so the work may use what the caller owns. Throws std::system_error if there is
  /// no thread, and none can be made.
  ///
  /// With `unwanted`, for work that can be stopped: it is called on the caller's thread once the caller is cancelled,
  /// and work that has not begun by then never does, so that the caller does not even wait for a thread.
  template <class Work>
  awaitable<std::invoke_result_t<Work&>> run(Work work, std::function<void()> unwanted = {}) {
    using Outcome = std::invoke_result_t<Work&>;
    detail::Completion completion(co_await asio::this_coro::executor);
    std::optional<Outcome> outcome;
    std::exception_ptr escaped;
    // Whoever is first: a thread that begins, or a caller that leaves with all that is borrowed here.
    const auto taken = std::make_shared<std::atomic<bool>>(false);
    make_threads();
    asio::post(work_, [&, taken] {
      if (taken->exchange(true)) return;
      try {
        outcome.emplace(work());
      } catch (...) {
        escaped = std::current_exception();
      }
      asio::post(completion.executor(), [&completion] { completion.reach(); });
    });
    std::function<bool()> may_leave;
    if (unwanted) {
      may_leave = [&] {
        unwanted();
        return !taken->exchange(true);
      };
    }
    co_await completion.wait(std::move(may_leave));
    if (escaped) std::rethrow_exception(escaped);
    co_return std::move(*outcome);
  }

 private:
  void make_threads();

  std::size_t count_;
  asio::io_context work_;  // in the order in which it came
  asio::executor_work_guard<asio::io_context::executor_type> open_{work_.get_executor()};
  std::mutex making_;
  std::vector<std::thread> threads_;
};

}  // namespace slipway
