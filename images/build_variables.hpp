#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace slipway::images {

/// A text with its variables filled in.
struct FilledText {
  std::string text;
  bool clear = true;  ///< false: a builder may make something else of it
};

/// Printable ASCII without quotes, escapes and blanks, which builders take apart in ways of their own.
bool is_plain(std::string_view text);

/// The variables that a Dockerfile's FROM lines can use: its ARGs before the first of them. Borrows `arguments`, the
/// build's, which go before the defaults of ARGs.
class BuildVariables {
 public:
  explicit BuildVariables(const std::map<std::string, std::string>& arguments) : arguments_(arguments) {}

  /// NAME or NAME=default, as ARG has it. False: which variable it is depends on the builder, or all names and values
  /// together would be over 1 MiB; then it is not declared.
  bool declare(std::string_view word);
  /// $NAME, ${NAME}, ${NAME:-otherwise} and ${NAME:+instead} filled in; all other forms are not clear, nor are
  /// variables that nobody declared, that were declared twice or that builders set, nor what variables make longer than
  /// 16 KiB.
  [[nodiscard]] FilledText fill(std::string_view word) const;

 private:
  struct Use;
  struct Value;
  static std::optional<Use> take_use(std::string_view& text);
  [[nodiscard]] Value value_of(const Use& use) const;
  bool hold(std::size_t bytes);

  const std::map<std::string, std::string>& arguments_;
  std::size_t held_ = 0;  // bytes of `values_`
  std::map<std::string, FilledText, std::less<>> values_;
};

}  // namespace slipway::images
