#pragma once
#include <string>

#include "base/async.hpp"

namespace slipway::runs {

/// A request to stop, made once and kept: those who wait wake, those who come later see it at once.
class StopSignal {
 public:
  explicit StopSignal(const Executor& executor) : timer_(executor, asio::steady_timer::time_point::max()) {}

  /// The first reason stays.
  void ask(std::string reason);
  [[nodiscard]] bool asked() const { return asked_; }
  [[nodiscard]] const std::string& reason() const { return reason_; }
  /// Returns when it is asked; cancelling ends only the waiting. One caller or many.
  awaitable<void> wait();

 private:
  asio::steady_timer timer_;
  bool asked_ = false;
  std::string reason_;
};

}  // namespace slipway::runs
