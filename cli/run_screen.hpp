#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"

/// What `run watch` shows on a terminal: a block of lines that is drawn over itself. Pure.
namespace slipway::cli {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
};

/// A run (RunDetail of the API) as it stands at `now` (RFC 3339): itself, then its jobs, each with its state, how long
/// it takes and the step that runs. No line is wider than the screen, and one row stays free for the cursor: of more
/// jobs than there is room for, those that run or went wrong are shown first.
std::vector<std::string> run_screen(const Json& run, const std::string& now, ScreenSize size);

/// Draws blocks of lines each in the place of the one before.
class Block {
 public:
  /// The bytes for the terminal. The cursor is below the block before and after.
  std::string draw(const std::vector<std::string>& lines);

 private:
  std::size_t height_ = 0;
};

constexpr std::string_view hide_cursor = "\033[?25l";
constexpr std::string_view show_cursor = "\033[?25h";

}  // namespace slipway::cli
