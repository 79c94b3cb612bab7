#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace re2 {
class RE2;
}

namespace slipway::images {

/// One line of a .dockerignore, ready to match. '*' and '?' stop at '/', "**" does not; "[…]" is a class, '\' takes the
/// next character as it is.
class IgnorePattern {
 public:
  /// White space around `line` doesn't count. Kind::invalid says what is wrong with it.
  static Result<IgnorePattern> parse(std::string_view line);
  IgnorePattern(IgnorePattern&&) noexcept;
  IgnorePattern& operator=(IgnorePattern&&) noexcept;
  ~IgnorePattern();

  /// It takes in again what an earlier one left out.
  [[nodiscard]] bool negated() const { return negated_; }
  /// True for the very path, not for what is below it. Bytes that are not UTF-8 match like one unknown character each.
  [[nodiscard]] bool matches(std::string_view path) const;
  /// False if nothing below the folder `path` can match.
  [[nodiscard]] bool may_match_below(std::string_view path) const;

 private:
  enum class Way { exact, prefix, suffix, expression };
  IgnorePattern();
  Result<void> compile();

  std::string text_;       // cleaned, without the '!'
  std::size_t plain_ = 0;  // bytes of it before the first that is special
  bool negated_ = false;
  Way way_ = Way::exact;
  std::string fixed_;  // what `prefix` and `suffix` compare
  std::unique_ptr<re2::RE2> expression_;
};

}  // namespace slipway::images
