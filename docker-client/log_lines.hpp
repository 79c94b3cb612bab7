#pragma once
#include <array>
#include <deque>
#include <optional>
#include <string>

#include "docker-client/log_frames.hpp"

namespace slipway::docker {

/// One line of a container's output, without its newline.
struct LogLine {
  LogStream stream = LogStream::out;
  std::string time;  ///< as the Engine wrote it (RFC 3339, nanoseconds); empty without timestamps
  std::string text;
  bool ends = true;  ///< false: the limit cut it, or the output ended without a newline
};

/// Makes lines of frames, each stream for itself: the Engine cuts lines over 16 KiB into several frames (with
/// timestamps each of them carries the line's), and a program may write half a line to one stream and then to the
/// other.
class LineAssembler {
 public:
  /// `timestamps`: the stream was asked for with timestamps=1. A line of more than `line_limit` bytes comes in parts.
  explicit LineAssembler(bool timestamps, std::size_t line_limit = 1 << 20)
      : timestamps_(timestamps), line_limit_(line_limit) {}

  void add(const LogFrame& frame);
  /// The output has ended: an unterminated last line of each stream becomes available.
  void finish();
  std::optional<LogLine> next();

 private:
  struct Open {
    std::string time;
    std::string text;
    bool begun = false;
  };
  void append(Open& line, LogStream stream, std::string_view text);
  void emit(Open& line, LogStream stream, bool ends);

  bool timestamps_;
  std::size_t line_limit_;
  std::array<Open, 3> open_;
  std::deque<LogLine> lines_;
};

}  // namespace slipway::docker
