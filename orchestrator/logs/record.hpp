#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::logs {

/// Who wrote a piece of a log: the container, or slipway itself (a gap, a reached limit, what it is doing).
enum class Stream : std::uint8_t { out, err, slipway };

/// "stdout", "stderr", "slipway".
std::string_view name_of(Stream stream);

/// One record of a stored log. On disk it is a line in the CRI format, which other tools read too:
///   `2026-11-25T01:28:51.123456789Z stdout F text\n`
/// F ends a line; P is a piece of one, continued by the next record of the same stream (the Engine splits lines over
/// 16 KiB, and the last line of a program may lack its newline).
struct Record {
  std::string time;  ///< RFC 3339 in UTC with nanoseconds, as the Engine gave it
  Stream stream = Stream::out;
  bool ends_line = true;
  std::string text;  ///< any bytes but a newline; secrets are masked
};

void append_record(std::string& to, std::string_view time, Stream stream, bool ends_line, std::string_view text);

/// The record at the start of `text`, and `text` moved past it; nothing if no whole record is there. A damaged line
/// comes back as a record of Stream::slipway with the line as its text.
std::optional<Record> take_record(std::string_view& text);

}  // namespace slipway::logs
