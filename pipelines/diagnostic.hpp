#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::pipelines {

/// Where something starts in a file. Both count from 1, columns in characters (code points), as editors do.
struct Position {
  int line = 1;
  int column = 1;
  friend auto operator<=>(const Position&, const Position&) = default;
};

/// One thing that is wrong in a file, or that its author should look at.
struct Diagnostic {
  enum class Severity : std::uint8_t { error, warning };

  std::string file;
  int line = 1;
  int column = 1;
  std::string message;  ///< one line, no trailing stop
  std::string text;     ///< the offending text as written; may be empty
  std::string help;     ///< how to mend it; may be empty
  Severity severity = Severity::error;
};

/// Collects what is wrong, so that one reading reports everything. At most `limit` are kept: a hostile file can't make
/// a report larger than itself. Only the first diagnostic at one position with one message is kept.
class Diagnostics {
 public:
  static constexpr std::size_t limit = 100;

  explicit Diagnostics(std::string file) : file_(std::move(file)) {}

  /// Texts of the file may be part of them: they are cut, and control characters replaced.
  void error(Position at, std::string message, std::string_view text = {}, std::string_view help = {});
  void warning(Position at, std::string message, std::string_view text = {}, std::string_view help = {});

  [[nodiscard]] bool has_errors() const { return errors_ > 0; }
  [[nodiscard]] std::size_t errors() const { return errors_; }      ///< those beyond `limit` included
  [[nodiscard]] std::size_t warnings() const { return warnings_; }  ///< likewise
  [[nodiscard]] const std::string& file() const { return file_; }
  /// In the order of the file.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;

 private:
  void add(Diagnostic::Severity severity, Position at, std::string message, std::string_view text,
           std::string_view help);

  std::string file_;
  std::vector<Diagnostic> kept_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

/// As compilers do; `source` is the text of the file, of which the line is shown with a caret below:
///
///   slipway.yml:12:5: error: unknown key `comands` in a job
///      12 |     comands: [make]
///         |     ^~~~~~~
///      help: did you mean `commands`?
///
/// Long lines are cut around the caret; control characters are shown as '?'.
std::string render(const Diagnostic& diagnostic, std::string_view source);
std::string render(const Diagnostics& diagnostics, std::string_view source);

/// The candidate that `word` was probably meant to be; empty if none is near enough.
std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates);

/// "did you mean `x`?", else "use one of: a, b, c" (the first twenty), else nothing.
std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace slipway::pipelines
