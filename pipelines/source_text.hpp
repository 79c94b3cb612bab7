#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/diagnostic.hpp"

namespace slipway::pipelines {

/// The text of a file, indexed by line. Borrows the text. Not for several threads at once.
class SourceText {
 public:
  explicit SourceText(std::string_view text);

  /// Of a byte; one past the end is allowed.
  [[nodiscard]] Position position_of(std::size_t offset) const;
  /// Of the byte at `column` (from 0) of `line` (from 0), clamped to what is there.
  [[nodiscard]] std::size_t offset_of(std::size_t line, std::size_t byte_column) const;
  /// The byte at which a position is, clamped likewise.
  [[nodiscard]] std::size_t offset_of(Position at) const;
  [[nodiscard]] std::string_view line(std::size_t number) const;  ///< from 0, without its end
  [[nodiscard]] std::size_t lines() const { return starts_.size(); }
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
  // Where position_of last looked: a parser asks from left to right, and a line may be the whole file.
  mutable std::size_t last_offset_ = 0;
  mutable Position last_;
};

/// The place of the first byte that is not part of well-formed UTF-8 (RFC 3629), or of a control character (C0, DEL,
/// C1) other than tab, carriage return and line feed.
std::optional<std::size_t> find_unreadable(std::string_view text);

/// The same on one line, safe for a terminal: tabs and line breaks are blanks, what is unreadable is '?'.
std::string printable(std::string_view text);

}  // namespace slipway::pipelines
