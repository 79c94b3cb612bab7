#include "pipelines/glob.hpp"

#include <algorithm>
#include <cstdint>

namespace slipway::pipelines {
namespace {
constexpr std::size_t max_pattern = 256;

/// A pattern is a row of tokens; a set of places in it is all the state that matching needs.
struct Token {
  enum class Kind : std::uint8_t { one, not_slash, set, star, double_star, folders, in_folders };
  Kind kind;
  char character = 0;
  std::string_view members{};  // of a set, without its brackets
};

bool in_set(std::string_view members, char c) {
  const bool negated = members.starts_with('!') || members.starts_with('^');
  if (negated) members.remove_prefix(1);
  const auto byte = [](char x) { return static_cast<unsigned char>(x); };
  bool found = false;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const bool range = i + 2 < members.size() && members[i + 1] == '-';
    found = found || (range ? byte(members[i]) <= byte(c) && byte(c) <= byte(members[i + 2]) : members[i] == c);
    if (range) i += 2;
  }
  return found != negated && c != '/';
}

std::size_t end_of_set(std::string_view pattern, std::size_t open) {
  std::size_t at = open + 1;
  if (at < pattern.size() && (pattern[at] == '!' || pattern[at] == '^')) ++at;
  if (at < pattern.size() && pattern[at] == ']') ++at;
  return pattern.find(']', at);
}

std::vector<Token> tokens_of(std::string_view pattern) {
  std::vector<Token> tokens;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    const std::size_t set_end = c == '[' ? end_of_set(pattern, i) : std::string_view::npos;
    if (pattern.substr(i).starts_with("**")) {
      const bool whole = (i == 0 || pattern[i - 1] == '/') && i + 2 < pattern.size() && pattern[i + 2] == '/';
      i = whole ? i + 2 : i + 1;
      if (whole) tokens.push_back({Token::Kind::folders});
      tokens.push_back({whole ? Token::Kind::in_folders : Token::Kind::double_star});
    } else if (c == '*') {
      tokens.push_back({Token::Kind::star});
    } else if (c == '?') {
      tokens.push_back({Token::Kind::not_slash});
    } else if (set_end != std::string_view::npos) {
      tokens.push_back({Token::Kind::set, 0, pattern.substr(i + 1, set_end - i - 1)});
      i = set_end;
    } else {
      if (c == '\\' && i + 1 < pattern.size()) ++i;
      tokens.push_back({Token::Kind::one, pattern[i]});
    }
  }
  return tokens;
}

/// Adds what is reached without reading anything. Places only ever lead forward, so one pass is enough.
void close(const std::vector<Token>& tokens, std::vector<bool>& places) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (!places[i]) continue;
    const Token::Kind kind = tokens[i].kind;
    if (kind == Token::Kind::star || kind == Token::Kind::double_star) places[i + 1] = true;
    if (kind == Token::Kind::folders) places[i + 1] = places[i + 2] = true;
  }
}

void step(const Token& token, std::size_t place, char c, std::vector<bool>& next) {
  switch (token.kind) {
    case Token::Kind::one:
      next[place + 1] = next[place + 1] || token.character == c;
      break;
    case Token::Kind::not_slash:
      next[place + 1] = next[place + 1] || c != '/';
      break;
    case Token::Kind::set:
      next[place + 1] = next[place + 1] || in_set(token.members, c);
      break;
    case Token::Kind::star:
      next[place] = next[place] || c != '/';
      break;
    case Token::Kind::double_star:
      next[place] = true;
      break;
    case Token::Kind::folders:
      break;
    case Token::Kind::in_folders:
      next[place] = true;
      next[place + 1] = next[place + 1] || c == '/';
      break;
  }
}
}  // namespace

bool glob_matches(std::string_view pattern, std::string_view text) {
  const std::vector<Token> tokens = tokens_of(pattern);
  std::vector<bool> places(tokens.size() + 1, false);
  places[0] = true;
  close(tokens, places);
  for (const char c : text) {
    std::vector<bool> next(tokens.size() + 1, false);
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (places[i]) step(tokens[i], i, c, next);
    }
    close(tokens, next);
    places = std::move(next);
  }
  return places[tokens.size()];
}

Result<void> check_glob(std::string_view pattern) {
  if (pattern.empty()) return fail(Error::Kind::invalid, "the pattern is empty");
  if (pattern.size() > max_pattern) return fail(Error::Kind::invalid, "the pattern is longer than 256 bytes");
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\' && ++i == pattern.size()) {
      return fail(Error::Kind::invalid, "the pattern ends in `\\`", "write `\\\\` for a backslash");
    }
    if (pattern[i] == '[' && (i == 0 || pattern[i - 1] != '\\')) {
      i = end_of_set(pattern, i);
      if (i == std::string_view::npos) {
        return fail(Error::Kind::invalid, "the `[` of the pattern is not closed", "write `\\[` for a bracket");
      }
    }
  }
  return {};
}

bool any_glob_matches(const std::vector<std::string>& patterns, std::string_view text) {
  const auto takes_away = [](const std::string& pattern) { return pattern.starts_with('!'); };
  bool matched = std::all_of(patterns.begin(), patterns.end(), takes_away);
  for (const std::string& pattern : patterns) {
    const bool away = takes_away(pattern);
    if (glob_matches(std::string_view(pattern).substr(away ? 1 : 0), text)) matched = !away;
  }
  return matched;
}

}  // namespace slipway::pipelines
