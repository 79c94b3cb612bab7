#include "images/dockerfile_lines.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "images/here_documents.hpp"

namespace slipway::images {
namespace {

constexpr std::string_view kBlanks = " \t";  // for every builder everywhere
constexpr std::string_view kSpaces = " \t\r\v\f";
constexpr std::size_t kMostInstructions = 100'000;  // a line of two bytes may be one
constexpr std::size_t kMostUnclearLines = 100;
constexpr std::size_t kLongestUnclearLine = 1000;  // bytes

bool is_visible(char c) {
  return c > ' ' && c < 127;
}

bool is_control(char c) {
  return (c >= 0 && c < ' ' && c != '\t') || c == 127;
}

bool is_instruction(std::string_view word) {
  static const std::set<std::string, std::less<>> names = {
      "add",   "arg",        "cmd",     "copy", "entrypoint", "env",        "expose", "from",   "healthcheck",
      "label", "maintainer", "onbuild", "run",  "shell",      "stopsignal", "user",   "volume", "workdir"};
  return names.contains(lower_case(word));
}

std::string_view first_word(std::string_view line) {
  return line.substr(0, line.find_first_of(kBlanks));
}

class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
    directives();
    while (!rest_.empty() && lines.instructions.size() < kMostInstructions) line(next());
    if (!open_.empty()) close();
    if (!rest_.empty()) unclear("more than 100000 instructions");
  }

  DockerfileLines lines;

 private:
  /// Without its end.
  std::string_view peek() const {
    const std::string_view line = rest_.substr(0, rest_.find('\n'));
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  }

  std::string_view next() {
    const std::string_view line = peek();
    rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size() - 1) + 1);
    if (std::any_of(line.begin(), line.end(), is_control)) unclear(line);
    return line;
  }

  void unclear(std::string_view line) {
    if (lines.unclear.size() < kMostUnclearLines) lines.unclear.emplace_back(line.substr(0, kLongestUnclearLine));
  }

  /// `# escape=` and `# syntax=`: comments of that form before anything else, a shebang aside. Which other comments
  /// may be among them depends on the version, so it is looked for them behind any that has a '='.
  void directives() {
    for (bool first = true; !rest_.empty(); first = false) {
      const std::string_view line = trimmed(peek());
      if (!line.starts_with('#')) return;
      const bool shebang = first && line.starts_with("#!");
      if (!shebang && line.find('=') == std::string_view::npos) return;
      next();
      if (shebang || !directive(line, first)) directives_end_ = true;
    }
  }

  /// False: it is none. Old versions know `escape` in the first line only; of two, some take the first, some the last.
  bool directive(std::string_view line, bool first) {
    const auto equals = line.find('=');
    const std::string_view written = line.substr(1, equals - 1);
    const std::string_view value = trimmed(line.substr(equals + 1), kBlanks);
    const std::string key = lower_case(visible(written));
    if (key != "escape" && key != "syntax") return key == "check";
    const bool once = key == "escape" ? first : lines.frontend.empty();
    const bool plain =
        trimmed(written, kBlanks).size() == key.size() &&
        std::none_of(value.begin(), value.end(), [](char c) { return !is_visible(c) && c != ' ' && c != '\t'; });
    const bool fits = key == "syntax" || value == "\\" || value == "`";
    if (!once || !plain || !fits) unclear(line);
    if (key == "escape" && fits && !directives_end_) escape_ = value.front();
    if (key == "syntax" && once) lines.frontend = value;
    return true;
  }

  /// From the first visible character to the last: to some builders, what is around them is blank.
  static std::string_view visible(std::string_view text) {
    const auto begin = std::find_if(text.begin(), text.end(), is_visible);
    const auto end = std::find_if(text.rbegin(), text.rend(), is_visible).base();
    return begin < end ? std::string_view(begin, end) : std::string_view();
  }

  void line(std::string_view text) {
    const std::string_view content = trimmed(text);
    if (content.empty() || content.front() == '#') return;
    if (!is_visible(content.front())) unclear(text);
    const bool continued = is_continued(text);
    if (continued) text = text.substr(0, text.rfind(escape_));
    open_ += open_.empty() ? text.substr(std::min(text.find_first_not_of(kSpaces), text.size())) : text;
    if (!continued) close();
  }

  /// Whether the instruction goes on in the next line. Behind the escape there are only blanks, and for old versions
  /// alone it may be a doubled one.
  bool is_continued(std::string_view line) {
    const auto last = std::find_if(line.rbegin(), line.rend(), is_visible);
    if (last == line.rend() || *last != escape_) return false;
    const auto at = static_cast<std::size_t>(line.rend() - last) - 1;
    const bool doubled = at > 0 && line[at - 1] == escape_;
    const bool last_of_line = line.find_first_not_of(kBlanks, at + 1) == std::string_view::npos;
    if (doubled || !last_of_line) unclear(line);
    return last_of_line && !doubled;
  }

  void close() {
    const std::string instruction = std::exchange(open_, {});
    const std::string name = lower_case(first_word(instruction));
    if (!is_instruction(name)) unclear(instruction);
    lines.instructions.push_back(instruction);
    const bool triggered = name == "onbuild";
    if (name != "run" && name != "copy" && name != "add" && !triggered) return;
    const auto documents = here_documents(instruction);
    if (!documents || (triggered && !documents->empty())) return unclear(instruction);
    for (const HereDocument& document : *documents) here_document(document, *documents);
  }

  /// A version that knows no here-documents, or not this one, takes its lines for instructions. If the first is none,
  /// that version refuses the whole Dockerfile.
  void here_document(const HereDocument& document, const std::vector<HereDocument>& all) {
    for (bool begun = false; !rest_.empty();) {
      const std::string_view text = next();
      const std::string_view content = trimmed(text);
      const bool ended = without_tabs(text, document) == document.name;
      const auto is_name = [&](const HereDocument& one) { return one.name == content; };
      if (!ended && std::any_of(all.begin(), all.end(), is_name)) unclear(text);  // an end, for some
      const bool ignored = content.empty() || content.front() == '#';
      if (!begun && !ignored && !is_refused(content)) unclear(text);
      begun = begun || !ignored;
      if (ended) return;
    }
    unclear("<<" + document.name);
  }

  static std::string_view without_tabs(std::string_view text, const HereDocument& document) {
    return document.strips_tabs ? text.substr(std::min(text.find_first_not_of('\t'), text.size())) : text;
  }

  /// Whether no builder takes the line for the beginning of an instruction.
  bool is_refused(std::string_view content) const {
    const std::string_view word = first_word(content);
    return std::all_of(word.begin(), word.end(), is_visible) && word.back() != escape_ && !is_instruction(word);
  }

  std::string_view rest_;
  bool directives_end_ = false;  // for today's BuildKit
  char escape_ = '\\';
  std::string open_;
};

}  // namespace

DockerfileLines dockerfile_lines(std::string_view text) {
  return LineReader(text).lines;
}

}  // namespace slipway::images
