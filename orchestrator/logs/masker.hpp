#pragma once
#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/secret.hpp"

namespace slipway::logs {

/// What has to be hidden, made once for a step: each secret; the lines of a secret of several lines (of 4 bytes or
/// more, so that a lone brace does not blot out the log); and how the secret looks in base64 (at each of the three
/// alignments, so also inside "user:secret"), percent-encoded, and escaped in JSON. Wiped when it goes.
class MaskPatterns {
 public:
  explicit MaskPatterns(const std::vector<Secret>& secrets);

  [[nodiscard]] bool empty() const { return patterns_.empty(); }
  /// Bytes of the longest pattern.
  [[nodiscard]] std::size_t longest() const { return longest_; }
  /// Length of the longest pattern found at the very start of `text`, or 0.
  [[nodiscard]] std::size_t match(std::string_view text) const;

 private:
  void add(std::string pattern);
  void add_forms(const std::string& secret);

  std::vector<Secret> patterns_;
  std::unordered_map<std::uint16_t, std::vector<std::size_t>> by_start_;  // first two bytes → patterns, longest first
  std::bitset<65536> starts_;
  std::size_t longest_ = 0;
};

/// Masks one stream of text that comes in pieces. What may be the start of a secret is held back until more comes, so
/// it makes no difference where the pieces were cut. Overlapping matches become one "***". Borrows `patterns`.
class Masker {
 public:
  explicit Masker(const MaskPatterns& patterns) : patterns_(&patterns) {}

  /// `text` has no newline; the answer is what is safe to show by now.
  std::string feed(std::string_view text);
  /// The rest of the line; no pattern goes over a line's end.
  std::string end_line();
  [[nodiscard]] bool holds_back() const { return !pending_.empty(); }

 private:
  std::string settle(std::size_t count);

  const MaskPatterns* patterns_;
  std::string pending_;
  std::size_t masked_ = 0;  // bytes at the start of pending_ that a match found earlier covers
};

/// Text of any number of lines. `cut_off`: more may have followed, so what may be the start of a secret at its end is
/// left out.
std::string masked(const MaskPatterns& patterns, std::string_view text, bool cut_off = false);

}  // namespace slipway::logs
