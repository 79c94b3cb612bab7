#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace slipway::docker {

/// Takes a stream of JSON values apart that arrives in pieces of any size: several values in one piece, parts of one,
/// an empty piece (which is no end). Between values there may be white space (newlines, CRLF) or nothing.
///
///   stream.feed(chunk);
///   while (true) { auto value = stream.next(); if (!value || !*value) break; … }
class JsonStream {
 public:
  enum class TooLong { refused, skipped };

  /// An object, array or text longer than `value_limit` bytes is Kind::too_large, or is passed over and counted.
  explicit JsonStream(std::size_t value_limit = 8 << 20, TooLong too_long = TooLong::refused)
      : value_limit_(value_limit), too_long_(too_long) {}

  void feed(std::string_view chunk);
  /// No more pieces come: a number or word at the very end is complete, an open object is an error.
  void finish() { finished_ = true; }
  /// The next whole value; nothing until more is fed. What is not JSON is Kind::protocol, and so is every call after.
  Result<std::optional<Json>> next();
  /// How many values were passed over.
  [[nodiscard]] std::size_t skipped() const { return skipped_; }

 private:
  bool find_end();
  bool skip(bool whole);
  static Error cut_inside();
  bool scan();
  bool scan_bracketed(char c);
  Result<std::optional<Json>> reject(Error error);

  std::size_t value_limit_;
  TooLong too_long_;
  bool skipping_ = false;  // the value that is being scanned
  std::size_t skipped_ = 0;
  std::string buffer_;
  std::size_t start_ = 0;    // of the value that is being scanned
  std::size_t scanned_ = 0;  // up to here
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool finished_ = false;
  std::optional<Error> broken_;
};

}  // namespace slipway::docker
