#include "images/base_images.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace slipway::images {
namespace {

using Variables = std::map<std::string, std::string>;

constexpr std::string_view kSpace = " \t\r\v\f";

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (auto begin = text.find_first_not_of(kSpace); begin != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(kSpace, begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(kSpace, end);
  }
  return words;
}

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

/// A Dockerfile's instructions, each on one line as the builder joins them: without comments, directives and the texts
/// of here-documents.
class Instructions {
 public:
  explicit Instructions(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    directives(text);
    while (!text.empty()) line(take_line(text));
    if (!open_.empty()) close();
  }

  std::vector<std::string> all;
  std::string frontend;
  std::vector<std::string> unclear;

 private:
  /// `# escape=` and `# syntax=`: comments of that form before anything else, a shebang aside.
  void directives(std::string_view& text) {
    bool first = true;
    for (std::string_view rest = text; !rest.empty(); text = rest, first = false) {
      const std::string_view line = trimmed(take_line(rest));
      if (line.starts_with('{')) unclear.emplace_back(line);  // a form of directives that has many lines
      if (first && line.starts_with("#!")) continue;
      const std::size_t mark = line.starts_with("//") ? 2 : line.starts_with('#') ? 1 : 0;
      const auto equals = line.find('=');
      if (mark == 0 || equals == std::string_view::npos) return;
      const std::string key = lower_case(trimmed(line.substr(mark, equals - mark)));
      const std::string_view value = trimmed(line.substr(equals + 1));
      if (key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") != std::string::npos) return;
      if (key == "escape" && value.size() == 1) escape_ = value[0];
      if (key == "syntax") frontend = value;
    }
  }

  void line(std::string_view text) {
    if (!here_.empty()) return here_document(text);
    const std::string_view content = trimmed(text);
    if (content.empty() || content.front() == '#') return;
    text = text.substr(0, text.find_last_not_of(kSpace) + 1);
    const bool continued = text.back() == escape_;
    if (continued) text.remove_suffix(1);
    open_ += open_.empty() ? text.substr(std::min(text.find_first_not_of(kSpace), text.size())) : text;
    if (!continued) close();
  }

  void close() {
    const std::vector<std::string> words = words_of(open_);
    const std::string name = words.empty() ? std::string() : lower_case(words.front());
    if (name == "run" || name == "copy" || name == "add") find_here_documents();
    all.push_back(std::exchange(open_, {}));
  }

  /// `RUN <<NAME`, `<<-NAME`, `<<"NAME"`. A builder that knows none takes their lines for instructions.
  void find_here_documents() {
    for (auto at = open_.find("<<"); at != std::string::npos; at = open_.find("<<", at + 2)) {
      std::string_view name = std::string_view(open_).substr(at + 2);
      while (!name.empty() && std::string_view("-\"'").find(name.front()) != std::string_view::npos)
        name.remove_prefix(1);
      const auto end = std::find_if_not(name.begin(), name.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '_' || c == '.' || c == '-';
      });
      if (end != name.begin()) here_.emplace_back(name.begin(), end);
    }
  }

  void here_document(std::string_view text) {
    const std::string_view content = trimmed(text);
    if (content == here_.front()) {
      here_.erase(here_.begin());
      return;
    }
    const std::vector<std::string> words = words_of(content);
    static const std::set<std::string> names = {"from", "copy", "add", "run", "onbuild"};
    if (!words.empty() && names.contains(lower_case(words.front()))) unclear.emplace_back(content);
  }

  char escape_ = '\\';
  std::string open_;
  std::vector<std::string> here_;  // names of here-documents that are open
};

/// The value of what stands between "${" and "}": NAME, NAME:-otherwise or NAME:+instead.
std::string value_of(std::string_view expression, const Variables& variables) {
  const auto colon = std::min(expression.find(':'), expression.size());
  const auto found = variables.find(std::string(expression.substr(0, colon)));
  std::string value = found == variables.end() ? std::string() : found->second;
  const std::string_view rest = expression.substr(colon);
  if (rest.starts_with(":-") && value.empty()) return std::string(rest.substr(2));
  if (rest.starts_with(":+")) return value.empty() ? std::string() : std::string(rest.substr(2));
  return value;
}

std::string filled_in(std::string_view text, const Variables& variables) {
  const auto name_character = [](unsigned char c) { return std::isalnum(c) || c == '_'; };
  std::string filled;
  while (!text.empty()) {
    if (text.front() != '$') {
      filled += text.front();
      text.remove_prefix(1);
      continue;
    }
    text.remove_prefix(1);
    const bool braces = text.starts_with('{');
    const auto name_end = std::find_if_not(text.begin(), text.end(), name_character);
    const auto end = braces ? std::min(text.find('}'), text.size()) : static_cast<std::size_t>(name_end - text.begin());
    filled += value_of(text.substr(braces ? 1 : 0, braces ? end - 1 : end), variables);
    text.remove_prefix(std::min(end + (braces ? 1 : 0), text.size()));
  }
  return filled;
}

std::string unquoted(std::string text) {
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front()) {
    return text.substr(1, text.size() - 2);
  }
  return text;
}

/// The builder takes these apart in ways of its own.
bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > ' ' && c < 127; }) &&
         text.find_first_of("\"'`\\") == std::string_view::npos;
}

/// Set by the builder, whoever declares them.
bool is_of_builder(const std::string& variable) {
  static const std::set<std::string> names = {"TARGETPLATFORM", "TARGETOS",    "TARGETARCH",
                                              "TARGETVARIANT",  "TARGETSTAGE", "BUILDPLATFORM",
                                              "BUILDOS",        "BUILDARCH",   "BUILDVARIANT"};
  return names.contains(variable);
}

/// Whether `filled_in` knows what the builder makes of it.
bool is_clear(std::string_view text) {
  if (!is_plain(text)) return false;
  for (auto at = text.find('$'); at != std::string_view::npos; at = text.find('$', at + 1)) {
    std::string_view name = text.substr(at + 1);
    const bool braces = name.starts_with('{');
    if (braces) name.remove_prefix(1);
    const auto end =
        std::find_if_not(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
    const std::string_view rest(end, name.end());
    if (is_of_builder(std::string(name.begin(), end))) return false;
    if (!braces) continue;
    const std::string_view inside = rest.substr(0, std::min(rest.find('}'), rest.size()));
    if (!inside.empty() && !inside.starts_with(":-") && !inside.starts_with(":+")) return false;
    if (inside.find('$') != std::string_view::npos) return false;
  }
  return true;
}

/// What a flag such as --from=x or --mount=type=bind,from=x names.
std::vector<std::string> named_by_flag(std::string_view flag) {
  if (lower_case(flag).starts_with("--from=")) return {std::string(flag.substr(7))};
  if (!lower_case(flag).starts_with("--mount=")) return {};
  std::vector<std::string> named;
  for (std::string_view rest = flag.substr(8); !rest.empty();) {
    const std::string_view field = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
    if (lower_case(field).starts_with("from=")) named.emplace_back(field.substr(5));
  }
  return named;
}

class Collector {
 public:
  explicit Collector(const Variables& arguments) : arguments_(arguments) {}

  void instruction(std::vector<std::string> words) {
    const std::string name = lower_case(words.front());
    words.erase(words.begin());
    if (name == "onbuild") return words.empty() ? void() : instruction(std::move(words));
    if (name == "arg" && !in_stage_) return declare(words);
    if (name == "from") return stage(words);
    for (const std::string& word : words) {
      if (!word.starts_with("--")) return;
      const std::string flag = lower_case(word);
      if (!is_plain(word) || (word.find('$') != std::string::npos && flag.find("from=") != std::string::npos)) {
        unclear.push_back(word);
        continue;
      }
      for (const std::string& named : named_by_flag(word)) add(named);
    }
  }

  std::vector<Reference> found;
  std::vector<std::string> unclear;

 private:
  void declare(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      const auto equals = std::min(word.find('='), word.size());
      const std::string name = word.substr(0, equals);
      const auto given = arguments_.find(name);
      if (given != arguments_.end()) {
        variables_[name] = given->second;
      } else if (equals < word.size()) {
        const std::string value = unquoted(word.substr(equals + 1));
        if (!is_clear(value)) unclear_variables_.insert(name);
        variables_[name] = filled_in(value, variables_);
      }
    }
  }

  void stage(const std::vector<std::string>& words) {
    in_stage_ = true;
    const auto image = std::find_if_not(words.begin(), words.end(), [](const auto& w) { return w.starts_with("--"); });
    if (image == words.end()) return;
    const bool uses_unclear = std::any_of(unclear_variables_.begin(), unclear_variables_.end(),
                                          [&](const auto& name) { return image->find(name) != std::string::npos; });
    if (uses_unclear || !is_clear(unquoted(*image))) unclear.push_back(*image);
    add(filled_in(unquoted(*image), variables_));
    if (words.end() - image >= 3 && lower_case(*(image + 1)) == "as") stages_.insert(lower_case(*(image + 2)));
  }

  void add(const std::string& name) {
    const bool number = name.find_first_not_of("0123456789") == std::string::npos;
    if (name.empty() || number || name == "scratch" || stages_.contains(lower_case(name))) return;
    Result<Reference> reference = parse_reference(name);
    if (!reference || std::find(found.begin(), found.end(), *reference) != found.end()) return;
    found.push_back(std::move(*reference));
  }

  const Variables& arguments_;
  Variables variables_;
  std::set<std::string> unclear_variables_;
  std::set<std::string> stages_;
  bool in_stage_ = false;
};

}  // namespace

BaseImages base_images(std::string_view dockerfile, const std::map<std::string, std::string>& arguments) {
  Instructions instructions(dockerfile);
  Collector collector(arguments);
  for (const std::string& line : instructions.all) {
    std::vector<std::string> words = words_of(line);
    if (!words.empty()) collector.instruction(std::move(words));
  }
  BaseImages bases;
  bases.images = std::move(collector.found);
  bases.unclear = std::move(instructions.unclear);
  bases.unclear.insert(bases.unclear.end(), collector.unclear.begin(), collector.unclear.end());
  const auto syntax = arguments.find("BUILDKIT_SYNTAX");
  bases.frontend = syntax == arguments.end() ? instructions.frontend : syntax->second;
  return bases;
}

}  // namespace slipway::images
