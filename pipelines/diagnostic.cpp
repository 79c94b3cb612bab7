#include "pipelines/diagnostic.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

#include <fmt/format.h>

#include "pipelines/source_text.hpp"

namespace slipway::pipelines {
namespace {
constexpr std::size_t shown_width = 120;  // characters of a source line
constexpr std::size_t shown_text = 200;   // bytes of an offending text that are kept
constexpr std::size_t longest_message = 500;
constexpr std::size_t shown_choices = 20;

bool continues(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80;
}

/// Splits into characters fit for a terminal, so that columns can be counted.
std::vector<std::string> characters_of(std::string_view line) {
  std::vector<std::string> characters;
  for (const char c : printable(line)) {
    if (continues(c) && !characters.empty()) {
      characters.back() += c;
    } else {
      characters.emplace_back(1, c);
    }
  }
  return characters;
}

std::string_view line_of(std::string_view source, int number) {
  for (int line = 1; line < number; ++line) {
    const std::size_t end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  source = source.substr(0, source.find('\n'));
  if (source.ends_with('\r')) source.remove_suffix(1);
  return source;
}

/// At most `limit` bytes, cut between characters.
std::string cut(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string(text);
  std::size_t end = limit;
  while (end > 0 && continues(text[end])) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string join(const std::vector<std::string>& parts, std::size_t from, std::size_t to) {
  return std::accumulate(parts.begin() + static_cast<std::ptrdiff_t>(from),
                         parts.begin() + static_cast<std::ptrdiff_t>(to), std::string());
}

/// How much of the line is underlined: the offending text if it stands there, else one character.
std::size_t underlined(const std::vector<std::string>& line, std::size_t from, std::string_view text) {
  const std::size_t wanted = characters_of(text.substr(0, text.find('\n'))).size();
  const std::size_t to = std::min(line.size(), from + wanted);
  const bool stands_there = from < to && join(line, from, to) == join(characters_of(text), 0, to - from);
  return stands_there ? to - from : 1;
}

std::string excerpt(const Diagnostic& diagnostic, std::string_view source) {
  const std::vector<std::string> line = characters_of(line_of(source, diagnostic.line));
  if (line.empty()) return {};
  const std::size_t caret = std::min<std::size_t>(static_cast<std::size_t>(diagnostic.column) - 1, line.size());
  const std::size_t start = caret > shown_width * 2 / 3 ? caret - shown_width / 2 : 0;
  const std::size_t end = std::min(line.size(), start + shown_width);
  const std::size_t length =
      std::min(underlined(line, caret, diagnostic.text), std::max<std::size_t>(end, caret + 1) - caret);
  const std::string mark = "^" + std::string(length - 1, '~');
  return fmt::format("{:>6} | {}{}{}\n       | {}{}\n", diagnostic.line, start > 0 ? "…" : "", join(line, start, end),
                     end < line.size() ? "…" : "", std::string(caret - start + (start > 0 ? 1 : 0), ' '), mark);
}

/// Edits from `a` to `b`, two neighbours changing places being one; given up once they must be more than `most`.
std::size_t distance(std::string_view a, std::string_view b, std::size_t most) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return most + 1;
  std::vector<std::vector<std::size_t>> edits(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) edits[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) edits[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = edits[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      edits[i][j] = std::min({replaced, edits[i - 1][j] + 1, edits[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) edits[i][j] = std::min(edits[i][j], edits[i - 2][j - 2] + 1);
    }
  }
  return edits[a.size()][b.size()];
}

std::string plain(std::string_view word) {
  std::string folded;
  for (const char c : word) {
    if (c == '-' || c == '_' || c == ' ') continue;
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return folded;
}
}  // namespace

void Diagnostics::add(Diagnostic::Severity severity, Position at, std::string message, std::string_view text,
                      std::string_view help) {
  message = printable(cut(message, longest_message));
  const bool known = std::any_of(kept_.begin(), kept_.end(), [&](const Diagnostic& other) {
    return other.line == at.line && other.column == at.column && other.message == message;
  });
  if (known) return;
  ++(severity == Diagnostic::Severity::error ? errors_ : warnings_);
  if (kept_.size() == limit) return;
  kept_.push_back({file_, at.line, at.column, std::move(message), printable(cut(text, shown_text)),
                   printable(cut(help, longest_message)), severity});
}

void Diagnostics::error(Position at, std::string message, std::string_view text, std::string_view help) {
  add(Diagnostic::Severity::error, at, std::move(message), text, help);
}

void Diagnostics::warning(Position at, std::string message, std::string_view text, std::string_view help) {
  add(Diagnostic::Severity::warning, at, std::move(message), text, help);
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> all = kept_;
  std::stable_sort(all.begin(), all.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return all;
}

std::string render(const Diagnostic& diagnostic, std::string_view source) {
  const bool error = diagnostic.severity == Diagnostic::Severity::error;
  std::string out = fmt::format("{}:{}:{}: {}: {}\n", diagnostic.file, diagnostic.line, diagnostic.column,
                                error ? "error" : "warning", diagnostic.message);
  out += excerpt(diagnostic, source);
  if (!diagnostic.help.empty()) out += fmt::format("  help: {}\n", diagnostic.help);
  return out;
}

std::string render(const Diagnostics& diagnostics, std::string_view source) {
  std::string out;
  const std::vector<Diagnostic> all = diagnostics.sorted();
  for (const Diagnostic& diagnostic : all) out += render(diagnostic, source);
  const std::size_t dropped = diagnostics.errors() + diagnostics.warnings() - all.size();
  if (dropped > 0) out += fmt::format("{}: {} more are not shown\n", diagnostics.file(), dropped);
  return out;
}

std::string_view closest(std::string_view word, const std::vector<std::string_view>& candidates) {
  constexpr std::size_t longest = 64;
  if (word.empty() || word.size() > longest) return {};
  const std::string wanted = plain(word);
  std::size_t best = std::max<std::size_t>(1, word.size() / 3) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > longest) continue;
    const std::size_t away = distance(wanted, plain(candidate), best);
    if (away < best) {
      best = away;
      found = candidate;
    }
  }
  return found;
}

std::string suggest(std::string_view word, const std::vector<std::string_view>& candidates) {
  if (const std::string_view near = closest(word, candidates); !near.empty()) {
    return fmt::format("did you mean `{}`?", near);
  }
  if (candidates.empty()) return {};
  std::string list = "use one of: ";
  for (std::size_t i = 0; i < std::min(candidates.size(), shown_choices); ++i) {
    list += (i > 0 ? ", " : "") + cut(candidates[i], 64);
  }
  return list + (candidates.size() > shown_choices ? ", …" : "");
}

}  // namespace slipway::pipelines
