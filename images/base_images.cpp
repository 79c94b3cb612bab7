#include "images/base_images.hpp"

#include <algorithm>
#include <set>

#include "base/text.hpp"

namespace slipway::images {
namespace {

using Variables = std::map<std::string, std::string>;

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (auto begin = text.find_first_not_of(" \t\r"); begin != std::string_view::npos;) {
    const auto end = std::min(text.find_first_of(" \t\r", begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(" \t\r", end);
  }
  return words;
}

/// Instructions, each on one line: continued lines joined, comments dropped.
std::vector<std::string> instructions_of(std::string_view text) {
  std::vector<std::string> instructions;
  std::string open;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos || line[begin] == '#') continue;
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    const bool continued = line.ends_with('\\');
    if (continued) line.remove_suffix(1);
    open.append(line).append(" ");
    if (!continued) instructions.push_back(std::exchange(open, {}));
  }
  if (!open.empty()) instructions.push_back(std::move(open));
  return instructions;
}

/// The value of what stands between "${" and "}": NAME, NAME:-otherwise or NAME:+instead.
std::string value_of(std::string_view expression, const Variables& variables) {
  const auto colon = std::min(expression.find(':'), expression.size());
  const auto found = variables.find(std::string(expression.substr(0, colon)));
  const std::string value = found == variables.end() ? std::string() : found->second;
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

/// What a flag such as --from=x or --mount=type=bind,from=x names; empty if it names nothing.
std::string named_by_flag(std::string_view flag) {
  if (flag.starts_with("--from=")) return std::string(flag.substr(7));
  if (!flag.starts_with("--mount=")) return {};
  const auto from = flag.find("from=");
  if (from == std::string_view::npos || (flag[from - 1] != ',' && flag[from - 1] != '=')) return {};
  flag.remove_prefix(from + 5);
  return std::string(flag.substr(0, flag.find(',')));
}

class Collector {
 public:
  explicit Collector(const Variables& arguments) : arguments_(arguments) {}

  void instruction(std::vector<std::string> words) {
    const std::string name = lower_case(words.front());
    words.erase(words.begin());
    if (name == "arg" && !in_stage_) return declare(words);
    if (name == "from") return stage(words);
    for (const std::string& word : words) {
      if (!word.starts_with("--")) return;
      add(named_by_flag(word));
    }
  }
  std::vector<Reference> found() && { return std::move(found_); }

 private:
  void declare(const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      const auto equals = std::min(word.find('='), word.size());
      const std::string name = word.substr(0, equals);
      const auto given = arguments_.find(name);
      if (given != arguments_.end()) {
        variables_[name] = given->second;
      } else if (equals < word.size()) {
        variables_[name] = filled_in(unquoted(word.substr(equals + 1)), variables_);
      }
    }
  }

  void stage(const std::vector<std::string>& words) {
    in_stage_ = true;
    const auto image = std::find_if_not(words.begin(), words.end(), [](const auto& w) { return w.starts_with("--"); });
    if (image == words.end()) return;
    add(filled_in(unquoted(*image), variables_));
    if (words.end() - image >= 3 && lower_case(*(image + 1)) == "as") stages_.insert(lower_case(*(image + 2)));
  }

  void add(const std::string& name) {
    const bool number = name.find_first_not_of("0123456789") == std::string::npos;
    if (name.empty() || number || name == "scratch" || stages_.contains(lower_case(name))) return;
    Result<Reference> reference = parse_reference(name);
    if (!reference || std::find(found_.begin(), found_.end(), *reference) != found_.end()) return;
    found_.push_back(std::move(*reference));
  }

  const Variables& arguments_;
  Variables variables_;
  std::set<std::string> stages_;
  std::vector<Reference> found_;
  bool in_stage_ = false;
};

}  // namespace

std::vector<Reference> base_images(std::string_view dockerfile, const std::map<std::string, std::string>& arguments) {
  Collector collector(arguments);
  for (const std::string& line : instructions_of(dockerfile)) {
    std::vector<std::string> words = words_of(line);
    if (!words.empty()) collector.instruction(std::move(words));
  }
  return std::move(collector).found();
}

}  // namespace slipway::images
