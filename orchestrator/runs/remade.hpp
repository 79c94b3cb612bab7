#pragma once
#include <functional>
#include <optional>
#include <utility>

#include "base/async_lock.hpp"
#include "base/result.hpp"

namespace slipway::runs {

/// Something that is made when it is first asked for, and again when it may have gone since: `mark` is another one then
/// than before it was made. One that can't be made again is not the one from before. Whoever asks while it is made
/// waits. For the io thread.
template <class T, class Mark>
class Remade {
 public:
  Remade(std::function<Mark()> mark, std::function<awaitable<Result<T>>()> make)
      : mark_(std::move(mark)), make_(std::move(make)) {}

  /// Errors are those of making it.
  awaitable<Result<T>> get() {
    const auto held = co_await lock_.acquire();
    Mark present = mark_();
    if (made_ && made_at_ == present) co_return *made_;
    made_.reset();
    Result<T> made = co_await make_();
    if (!made) co_return fail(made.error());
    made_ = std::move(*made);
    made_at_ = std::move(present);
    co_return *made_;
  }

 private:
  std::function<Mark()> mark_;
  std::function<awaitable<Result<T>>()> make_;
  AsyncLock lock_;
  std::optional<T> made_;
  Mark made_at_{};
};

}  // namespace slipway::runs
