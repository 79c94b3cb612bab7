#include "images/here_documents.hpp"

#include <algorithm>
#include <cctype>

namespace slipway::images {
namespace {

constexpr std::size_t kMostDocuments = 32;  // each line of their texts is compared with every name

using ShellWords = std::vector<std::string_view>;

bool is_shell_letter(unsigned char c) {
  return std::isalnum(c) != 0 || c == '_';
}

/// Versions differ in whether an escape or a variable between two '<' stays.
bool may_have_one(std::string_view line) {
  for (auto at = line.find('<'); at != std::string_view::npos; at = line.find('<', at + 1)) {
    if (at + 1 < line.size() && std::string_view("<\\$").find(line[at + 1]) != std::string_view::npos) return true;
  }
  return false;
}

/// Of "${…}" the builders take other forms than ${NAME} apart, and give the line up if they can't.
bool is_simple_variable(std::string_view text) {
  if (!text.starts_with("${")) return true;
  const auto end = std::find_if_not(text.begin() + 2, text.end(), is_shell_letter);
  return end != text.end() && *end == '}' && end != text.begin() + 2;
}

/// Behind the quotes that `at` begins; nothing if they have no end.
std::optional<std::size_t> behind_quotes(std::string_view line, std::size_t at) {
  const char quote = line[at];
  for (std::size_t i = at + 1; i < line.size(); ++i) {
    if (line[i] == quote) return i + 1;
    if (quote == '\'') continue;
    if (line[i] == '$' && !is_simple_variable(line.substr(i))) return std::nullopt;
    if (line[i] == '\\') ++i;
  }
  return std::nullopt;
}

/// Behind the word that `at` begins.
std::optional<std::size_t> behind_word(std::string_view line, std::size_t at) {
  while (at < line.size() && line[at] != ' ' && line[at] != '\t') {
    const char c = line[at];
    if (static_cast<unsigned char>(c) >= 127) return std::nullopt;  // perhaps a blank
    if (c == '$' && !is_simple_variable(line.substr(at))) return std::nullopt;
    if (c == '\'' || c == '"') {
      const std::optional<std::size_t> end = behind_quotes(line, at);
      if (!end) return std::nullopt;
      at = *end;
      continue;
    }
    at += c == '\\' ? 2 : 1;
  }
  return std::min(at, line.size());
}

/// As a shell splits them, quotes and escapes kept. Nothing: the builder may find other words.
std::optional<ShellWords> shell_words(std::string_view line) {
  ShellWords words;
  for (auto at = line.find_first_not_of(" \t"); at < line.size(); at = line.find_first_not_of(" \t", at)) {
    const std::optional<std::size_t> end = behind_word(line, at);
    if (!end) return std::nullopt;
    words.push_back(line.substr(at, *end - at));
    at = *end;
  }
  return words;
}

std::optional<HereDocument> here_document(std::string_view word) {
  word.remove_prefix(std::min(word.find_first_not_of("0123456789"), word.size()));
  if (!word.starts_with("<<")) return std::nullopt;
  word.remove_prefix(2);
  HereDocument document;
  document.strips_tabs = word.starts_with('-');
  if (document.strips_tabs) word.remove_prefix(1);
  const bool quoted = word.size() > 2 && (word.front() == '"' || word.front() == '\'') && word.back() == word.front();
  if (quoted) word = word.substr(1, word.size() - 2);
  if (word.empty() || !is_shell_letter(word.front())) return std::nullopt;
  const auto fits = [](char c) { return is_shell_letter(c) || c == '.' || c == '-'; };
  if (!std::all_of(word.begin(), word.end(), fits)) return std::nullopt;
  document.name = word;
  return document;
}

/// `<<<text`, which no builder takes for a here-document.
bool is_here_string(std::string_view before_quotes) {
  const auto at = before_quotes.find("<<<");
  return at != std::string_view::npos && std::count(before_quotes.begin(), before_quotes.end(), '<') == 3;
}

/// A JSON array has no here-documents; what is almost one may.
bool is_like_json(const ShellWords& words) {
  const auto is_flag = [](std::string_view word) { return word.starts_with("--"); };
  if (words.size() < 2) return false;
  const auto first = std::find_if_not(words.begin() + 1, words.end(), is_flag);
  return first != words.end() && first->starts_with('[');
}

}  // namespace

std::optional<std::vector<HereDocument>> here_documents(std::string_view instruction) {
  std::vector<HereDocument> documents;
  if (!may_have_one(instruction)) return documents;
  const std::optional<ShellWords> words = shell_words(instruction);
  if (!words) return std::nullopt;
  for (const std::string_view word : *words) {
    // With a quote before its "<<", a word is none.
    const std::string_view before_quotes = word.substr(0, word.find_first_of("\"'"));
    if (std::count(before_quotes.begin(), before_quotes.end(), '<') < 2 || is_here_string(before_quotes)) continue;
    std::optional<HereDocument> document = here_document(word);
    if (!document || documents.size() == kMostDocuments) return std::nullopt;
    documents.push_back(std::move(*document));
  }
  if (!documents.empty() && is_like_json(*words)) return std::nullopt;
  return documents;
}

}  // namespace slipway::images
