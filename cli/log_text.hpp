#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace slipway::cli {

/// What a step wrote, which arrives in pieces that end anywhere, for a terminal: see `harmless_log`.
class LogText {
 public:
  static constexpr std::size_t longest = 64 << 10;  ///< of a line, before it is given out in pieces

  /// What can be printed by now: whole lines, or whole characters of a very long one.
  std::string add(std::string_view bytes);
  /// What is left at the end.
  std::string finish();

 private:
  std::string pending_;
};

}  // namespace slipway::cli
