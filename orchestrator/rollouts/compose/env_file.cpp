#include "orchestrator/rollouts/compose/env_file.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t max_bytes = std::size_t{256} * 1024;
constexpr std::size_t max_names = 1000;

bool is_name(std::string_view text) {
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '-';
  });
}

/// The sign that a backslash and `c` mean in double quotes. What stays a dollar sign is doubled for `interpolate`.
std::string unescaped(char c) {
  switch (c) {
    case 'n':
      return "\n";
    case 'r':
      return "\r";
    case 't':
      return "\t";
    case '$':
      return "$$";
    case '"':
    case '\\':
      return {c};
    default:
      return {'\\', c};
  }
}

class Reader {
 public:
  Reader(std::string_view text, Variables variables, bool raw)
      : rest_(text), variables_(std::move(variables)), raw_(raw) {}

  Result<std::map<std::string, std::string>> read() {
    while (!rest_.empty()) {
      ++line_;
      const std::size_t began = line_;
      if (auto entry = read_entry(); !entry) {
        return fail(entry.error().kind, std::to_string(began) + ": " + entry.error().message, entry.error().hint);
      }
    }
    return std::move(found_);
  }

 private:
  Result<void> read_entry() {
    std::string_view line = trimmed(take_until('\n'));
    if (line.empty() || line[0] == '#') return {};
    if (line.starts_with("export ")) line = trimmed(line.substr(7));
    const auto equals = line.find('=');
    const std::string name(trimmed(line.substr(0, equals)));
    if (!is_name(name)) return fail(Error::Kind::invalid, "'" + name + "' is no name of a variable");
    if (equals == std::string_view::npos) {
      return fail(Error::Kind::invalid, name + " has no value",
                  "write " + name + "=value; nothing is taken from the daemon's own environment");
    }
    auto value = read_value(trimmed(line.substr(equals + 1)));
    if (!value) return fail(value.error().in(name));
    variables_[name] = *value;
    found_[name] = std::move(*value);
    if (found_.size() > max_names) return fail(Error::Kind::invalid, "more than 1000 variables in a file");
    return {};
  }

  Result<std::string> read_value(std::string_view text) {
    if (raw_ || text.empty()) return std::string(text);
    if (text[0] == '\'') return single_quoted(text.substr(1));
    if (text[0] == '"') return double_quoted(text.substr(1));
    for (const std::string_view comment : {" #", "\t#"}) text = trimmed(text.substr(0, text.find(comment)));
    if (text[0] == '#') return std::string();
    return interpolate(text, variables_);
  }

  Result<std::string> single_quoted(std::string_view line) {
    std::string value;
    for (;;) {
      const auto quote = line.find('\'');
      value += line.substr(0, quote);
      if (quote != std::string_view::npos) return closed(std::move(value), line.substr(quote + 1));
      if (!next_line(value, line)) return fail(Error::Kind::invalid, "the single quote is never closed");
    }
  }

  Result<std::string> double_quoted(std::string_view line) {
    std::string value;
    for (;;) {
      for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] == '"') {
          auto whole = closed(std::move(value), line.substr(at + 1));
          return whole ? interpolate(*whole, variables_) : whole;
        }
        const bool escape = line[at] == '\\' && at + 1 < line.size();
        value += escape ? unescaped(line[++at]) : std::string(1, line[at]);
      }
      if (!next_line(value, line)) return fail(Error::Kind::invalid, "the double quote is never closed");
    }
  }

  /// A quoted value goes on in the next line of the file.
  bool next_line(std::string& value, std::string_view& line) {
    if (rest_.empty()) return false;
    ++line_;
    value += '\n';
    line = take_until('\n');
    return true;
  }

  static Result<std::string> closed(std::string value, std::string_view behind) {
    behind = trimmed(behind);
    if (behind.empty() || behind[0] == '#') return value;
    return fail(Error::Kind::invalid, "there is something behind the closing quote: " + std::string(behind));
  }

  std::string_view take_until(char end) {
    const auto at = rest_.find(end);
    const std::string_view taken = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    return taken;
  }

  std::string_view rest_;
  Variables variables_;
  bool raw_;
  std::size_t line_ = 0;
  std::map<std::string, std::string> found_;
};

}  // namespace

Result<std::map<std::string, std::string>> parse_env_file(std::string_view text, Variables variables, bool raw) {
  if (text.size() > max_bytes) return fail(Error::Kind::invalid, "1: the file is larger than 256 KiB");
  return Reader(text, std::move(variables), raw).read();
}

Result<void> merge_env_files(Application& application, const std::map<std::string, std::string>& files,
                             const Variables& variables) {
  for (Service& service : application.services) {
    std::map<std::string, std::string> merged;
    for (const EnvFile& file : service.env_files) {
      const auto content = files.find(file.path);
      if (content == files.end()) {
        if (!file.required) continue;
        return fail(Error::Kind::not_found, "env_file " + file.path + " is not in the checkout",
                    "commit it, or write {path: " + file.path + ", required: false}");
      }
      auto read = parse_env_file(content->second, variables, file.raw);
      if (!read) return fail(read.error().kind, file.path + ":" + read.error().message, read.error().hint);
      for (auto& [name, value] : *read) merged[name] = std::move(value);
    }
    service.environment.merge(merged);
  }
  return {};
}

}  // namespace slipway::rollouts
