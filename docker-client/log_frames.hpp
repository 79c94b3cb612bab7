#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// The streams of `logs` and `attach`, without any I/O.
namespace slipway::docker {

enum class LogStream : std::uint8_t { in = 0, out = 1, err = 2 };

/// How the Engine sends a container's output: in frames that name the stream (1 byte stream, 3 zero bytes, 4 bytes
/// big-endian length, payload), or, if the container has a tty, as it is.
enum class LogFormat : std::uint8_t { multiplexed, raw };

/// The format of an answer. From API 1.42 on its Content-Type says it; before, only the container's Config.Tty does
/// (an attach then claims to be raw whatever it is).
LogFormat log_format(std::string_view content_type, bool api_1_42, bool tty);

/// One frame. `payload` is valid until the next call to the demultiplexer.
struct LogFrame {
  LogStream stream = LogStream::out;
  std::string_view payload;
};

/// Takes a multiplexed stream apart that arrives in pieces of any size. Holds at most one frame and the last piece fed.
/// Payloads are passed on byte by byte, whatever their encoding. In the raw format each piece is a frame of
/// LogStream::out.
class LogDemultiplexer {
 public:
  /// A frame of more than `frame_limit` bytes is Kind::protocol: the Engine makes none over 64 KiB, so it is no header.
  explicit LogDemultiplexer(LogFormat format = LogFormat::multiplexed, std::size_t frame_limit = 1 << 20)
      : format_(format), frame_limit_(frame_limit) {}

  void feed(std::string_view chunk);
  /// The next whole frame; nothing until more is fed. A message of the Engine about the stream itself (stream 3; moby
  /// sends one, and ends the stream, where it can't read the log's file) is Kind::failed: reading again may well end
  /// the same way. After an error every call gives the same one.
  Result<std::optional<LogFrame>> next();
  /// Bytes of the stream that whole frames, handed out, were made of.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }
  /// The stream must not end here.
  [[nodiscard]] bool inside_frame() const { return start_ < buffer_.size(); }

 private:
  Result<std::optional<LogFrame>> next_frame();

  LogFormat format_;
  std::size_t frame_limit_;
  std::string buffer_;
  std::size_t start_ = 0;
  std::uint64_t offset_ = 0;
  std::optional<Error> broken_;
};

/// A frame as the Engine sends it.
std::string encode_log_frame(LogStream stream, std::string_view payload);

}  // namespace slipway::docker
