#pragma once
#include <stop_token>
#include <string_view>
#include <thread>

#include "base/result.hpp"

namespace slipway::cli {

/// Puts all of `text` to standard output, at once. Never throws, so that libcurl's callbacks may call it. A disk that
/// is full or fails is Kind::unavailable, a pipe that nobody reads `reader_gone`.
Result<void> write_output(std::string_view text) noexcept;

/// Standard output is a pipe whose reader has seen enough (`head`, `grep -m1`): Kind::cancelled without a message. It
/// ends the verb with exit code 1, and there is nothing to tell.
Error reader_gone();

/// Watches, as long as it lives, for the reader of standard output to go: who only writes finds it out with the next
/// line, which may be an hour away.
class ReaderWatch {
 public:
  ReaderWatch();
  /// Asks to stop, within a quarter of a second, once standard output is a pipe that nobody reads any more.
  [[nodiscard]] std::stop_token gone() const { return gone_.get_token(); }

 private:
  std::stop_source gone_;
  std::jthread thread_;  // last: it uses the other
};

}  // namespace slipway::cli
