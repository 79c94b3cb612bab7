#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/encoding.hpp"
#include "orchestrator/logs/masker.hpp"
#include "orchestrator/logs/record.hpp"

namespace slipway::logs {

/// Turns the frames of the Engine's `logs?timestamps=1` into masked records. A pure function of its input: the same
/// frames give the same bytes, however often and in whatever sittings they are read; that is what lets a log be
/// resumed by reading it again from the start. Borrows `patterns`.
class Transcriber {
 public:
  /// Records stop, with one of slipway's own that says so, before there are more than `limit` bytes of them.
  Transcriber(const MaskPatterns& patterns, std::uint64_t limit);

  /// One whole frame: "<time> text\n", or the same without a newline (part of a long line, or an unterminated one).
  void frame(Stream stream, std::string_view payload);
  /// The program has ended: what is held back of unterminated lines comes out.
  void end();

  /// The records made since the last call.
  std::string take() { return std::exchange(records_, {}); }
  /// Over the limit: nothing more comes out.
  [[nodiscard]] bool over_limit() const { return over_limit_; }
  /// Bytes the program wrote to both streams, as far as frames came in, and (once, at the end) their SHA-256.
  [[nodiscard]] std::uint64_t content_bytes() const { return content_bytes_; }
  std::string content_sha256() { return hash_.finish(); }

 private:
  struct Line {
    explicit Line(const MaskPatterns& patterns) : masker(patterns) {}
    Masker masker;
    std::string time;  // of the newest piece, for what is held back of it
  };
  void emit(std::string_view time, Stream stream, bool ends_line, std::string_view text);

  std::array<Line, 2> lines_;
  std::uint64_t limit_;
  std::uint64_t made_ = 0;
  std::string records_;
  bool over_limit_ = false;
  std::uint64_t content_bytes_ = 0;
  Sha256 hash_;
};

}  // namespace slipway::logs
