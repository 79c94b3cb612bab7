#pragma once
#include <chrono>
#include <optional>
#include <stop_token>

#include "base/error.hpp"

namespace slipway::cli {

/// How long a verb that waits for something bears with a daemon that does not answer, since it may be starting again:
/// the one rule for all that wait (docs/cli.md). Blocking.
class Patience {
 public:
  static constexpr std::chrono::seconds limit{30};

  /// `how_long` counts from the first failure behind an answer; `pause` is before each further try.
  explicit Patience(std::chrono::milliseconds how_long = limit,
                    std::chrono::milliseconds pause = std::chrono::milliseconds(500))
      : how_long_(how_long), pause_(pause) {}

  /// It has answered: the time begins anew with the next failure.
  void answered() { silent_since_.reset(); }
  /// Whether to try again after this failure, once the pause has passed. Not if it is an answer (all kinds but
  /// unavailable and timeout), the time is up, or `stop` asks for it.
  [[nodiscard]] bool try_again(const Error& failure, const std::stop_token& stop);

 private:
  std::chrono::milliseconds how_long_, pause_;
  std::optional<std::chrono::steady_clock::time_point> silent_since_;
};

}  // namespace slipway::cli
