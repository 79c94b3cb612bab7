#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

namespace slipway::cli {

/// How results are shown: data to stdout, everything else to stderr.
struct OutputOptions {
  bool json = false;
  std::string fields;  ///< with `json`: comma list of the fields wanted; empty: all
  std::string jq;      ///< a jq program over the JSON; implies `json`
};

enum class Style { plain, good, bad, busy, faint, strong };

/// True if stdout (or stderr) is a terminal.
bool stdout_is_terminal();
bool stderr_is_terminal();
/// `text` in the style's colour, if colours are on for stdout: a terminal and no NO_COLOR, or CLICOLOR_FORCE.
std::string styled(Style style, std::string_view text);
/// The style for a state or verdict word ("passed", "running" …).
Style style_of(std::string_view word);

/// Columns for people. On a terminal with aligned columns and a heading; else tab-separated without one, for `cut`.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  void add(std::vector<std::string> cells, std::vector<Style> styles = {});
  [[nodiscard]] std::string render(bool terminal) const;
  [[nodiscard]] bool empty() const { return rows_.empty(); }

 private:
  struct Row {
    std::vector<std::string> cells;
    std::vector<Style> styles;
  };
  std::vector<std::string> headings_;
  std::vector<Row> rows_;
};

/// Prints `data` as JSON as the options say: fields picked, jq applied. An unknown field or a broken jq program is
/// Kind::invalid and lists the fields there are.
Result<void> print_json(const Json& data, const OutputOptions& options);

/// "12s", "3m 4s", "2h 5m": what passed between two RFC 3339 times; an empty `until` means now, an empty `since` "".
std::string duration_between(const std::string& since, const std::string& until);
/// The number at `key` as text; empty for null, absent and 0.
std::string number_text(const Json& object, std::string_view key);
/// "3m ago"
std::string time_ago(const std::string& when);
/// Terminal control characters made visible: what others wrote (commit titles, branch names) must not drive a terminal.
std::string harmless(std::string_view text);
/// The same for what a step or an application wrote, whose lines and colours (SGR, ECMA-48) stay. The beginning of a
/// character at the text's end is made visible, too: what is printed next could complete it.
std::string harmless_log(std::string_view text);
/// The length of UTF-8 text without the beginning of a character at its end.
std::size_t whole_characters(std::string_view text);

}  // namespace slipway::cli
