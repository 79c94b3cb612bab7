#pragma once
#include <stop_token>

#include "base/async.hpp"

namespace slipway::images {

/// The CPU time that matching paths against one ignore file may take, since patterns with many stars are slow where
/// they almost match. One thread at a time; a path is matched on one thread.
class MatchTime {
 public:
  /// Without an end.
  MatchTime() = default;
  /// `one_path` for each path, `whole` for all of them, and none any more once `stop` is requested.
  MatchTime(Duration one_path, Duration whole, std::stop_token stop)
      : one_path_(one_path), whole_(whole), stop_(std::move(stop)) {}

  void begin_path();
  /// Between `begin_path` and `end_path`. Kind::too_large if the time is over, Kind::cancelled if a stop is requested.
  [[nodiscard]] Result<void> check() const;
  /// The same at the end of the path.
  Result<void> end_path();

 private:
  [[nodiscard]] Result<void> judge(Duration taken) const;

  Duration one_path_ = Duration::max();
  Duration whole_ = Duration::max();
  std::stop_token stop_;
  Duration began_{};  // by the thread's CPU clock
  Duration spent_{};  // on the paths before
};

}  // namespace slipway::images
