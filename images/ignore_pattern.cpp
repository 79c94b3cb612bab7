#include "images/ignore_pattern.hpp"

#include <algorithm>
#include <vector>

#include <re2/re2.h>

#include "base/text.hpp"

namespace slipway::images {
namespace {

constexpr int kExpressionMemory = 256 << 10;  // bytes; times the limit on patterns, the most a hostile file can take

/// The shortest name of the same path, by its text alone: no empty parts, no ".", ".." resolved where it can be.
std::string clean_path(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part.empty() || part == ".") continue;
    const bool up = part == "..";
    if (up && !parts.empty() && parts.back() != "..") {
      parts.pop_back();
    } else if (!up || !rooted) {
      parts.push_back(part);
    }
  }
  std::string clean = rooted ? "/" : "";
  for (std::size_t i = 0; i < parts.size(); ++i) clean.append(i == 0 ? "" : "/").append(parts[i]);
  return clean.empty() ? "." : clean;
}

/// Skips one character of a "[…]"; false if none may stand there, or if the class can't end after it.
bool skip_class_character(std::string_view pattern, std::size_t& at) {
  if (at >= pattern.size() || pattern[at] == '-' || pattern[at] == ']') return false;
  at += pattern[at] == '\\' ? 2 : 1;
  return at < pattern.size();
}

/// Skips one "[…]"; `at` is behind the '[', and behind the ']' afterwards.
bool skip_class(std::string_view pattern, std::size_t& at) {
  if (at < pattern.size() && pattern[at] == '^') ++at;
  for (std::size_t ranges = 0; at < pattern.size(); ++ranges) {
    if (pattern[at] == ']' && ranges > 0) {
      ++at;
      return true;
    }
    if (!skip_class_character(pattern, at)) return false;
    if (pattern[at] != '-') continue;
    ++at;
    if (!skip_class_character(pattern, at)) return false;
  }
  return false;
}

bool well_formed(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at++];
    if (c == '\\' && at++ >= pattern.size()) return false;
    if (c == '[' && !skip_class(pattern, at)) return false;
  }
  return true;
}

/// Length of the UTF-8 character at the beginning of `text`; 0 if there is none.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  std::size_t length = 1;
  if (lead >= 0x80) length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4) length = 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  }
  return length;
}

/// `bytes` with U+FFFD for each byte that is not UTF-8, since the expressions match characters.
std::string to_characters(std::string_view bytes) {
  std::string characters;
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    characters += length == 0 ? std::string_view("\xEF\xBF\xBD") : bytes.substr(0, length);
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return characters;
}

/// What a pattern becomes: an expression, unless a comparison does.
struct Translation {
  std::string expression;
  bool needs_expression = false;
  bool any_before = false;  // "**" at the beginning, and nothing else special
  bool any_after = false;   // "**" at the end, and nothing else special
};

/// Translates the "**" whose second '*' is at `at`; leaves `at` behind it and behind a '/' that follows.
void translate_any_folders(std::string_view pattern, std::size_t& at, Translation& into) {
  const bool first = at == 1;
  ++at;
  if (at < pattern.size() && pattern[at] == '/') ++at;
  const bool plain = !into.needs_expression && !into.any_before;
  if (at < pattern.size()) {
    into.expression += "(.*/)?";
    into.needs_expression = true;
  } else if (plain) {
    into.any_after = true;
  } else {
    into.expression += ".*";
    into.needs_expression = true;
  }
  if (first) {
    into.needs_expression = into.any_after = false;
    into.any_before = true;
  }
}

Translation translate(std::string_view pattern) {
  Translation to;
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at++];
    if (c == '*' && at < pattern.size() && pattern[at] == '*') {
      translate_any_folders(pattern, at, to);
      continue;
    }
    to.needs_expression = to.needs_expression || std::string_view("*?[]\\").find(c) != std::string_view::npos;
    if (c == '*') {
      to.expression += "[^/]*";
    } else if (c == '?') {
      to.expression += "[^/]";
    } else if (c == '\\') {
      to.expression += c;
      to.expression += pattern[at++];  // well_formed: there is one
    } else {
      if (std::string_view(".+()|{}$").find(c) != std::string_view::npos) to.expression += '\\';
      to.expression += c;
    }
  }
  return to;
}

}  // namespace

IgnorePattern::IgnorePattern() = default;
IgnorePattern::IgnorePattern(IgnorePattern&&) noexcept = default;
IgnorePattern& IgnorePattern::operator=(IgnorePattern&&) noexcept = default;
IgnorePattern::~IgnorePattern() = default;

Result<IgnorePattern> IgnorePattern::parse(std::string_view line) {
  IgnorePattern pattern;
  line = trimmed(line);
  pattern.negated_ = line.starts_with('!');
  if (pattern.negated_) line = trimmed(line.substr(1));
  if (line.empty()) return fail(Error::Kind::invalid, "it names nothing");
  pattern.text_ = clean_path(line);
  if (pattern.text_.size() > 1 && pattern.text_.front() == '/') pattern.text_.erase(0, 1);
  if (Result<void> good = pattern.compile(); !good) return fail(good.error());
  return pattern;
}

Result<void> IgnorePattern::compile() {
  plain_ = std::min(text_.find_first_of("*?[\\^"), text_.size());
  if (!well_formed(text_)) return fail(Error::Kind::invalid, "unfinished '[…]' or '\\'");
  const Translation translation = translate(text_);
  if (translation.needs_expression) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kExpressionMemory);
    way_ = Way::expression;
    expression_ = std::make_unique<RE2>("^" + translation.expression + "$", options);
    if (!expression_->ok()) return fail(Error::Kind::invalid, expression_->error());
  } else if (translation.any_before) {
    way_ = Way::suffix;
    fixed_ = text_.substr(2);
  } else if (translation.any_after) {
    way_ = Way::prefix;
    fixed_ = text_.substr(0, text_.size() - 2);
  }
  return {};
}

bool IgnorePattern::matches(std::string_view path) const {
  switch (way_) {
    case Way::exact:
      return path == text_;
    case Way::prefix:
      return path.starts_with(fixed_);
    case Way::suffix:
      return path.ends_with(fixed_) || (fixed_.starts_with('/') && path == fixed_.substr(1));
    case Way::expression:
      return RE2::PartialMatch(to_characters(path), *expression_);
  }
  return false;
}

/// Asked for each path that is left out, so nothing is copied.
bool IgnorePattern::may_match_below(std::string_view path) const {
  const bool whole = plain_ == text_.size();
  const std::string_view beginning = std::string_view(text_).substr(0, plain_);
  if (beginning.size() <= path.size()) return !whole && path.starts_with(beginning);
  return beginning.starts_with(path) && beginning[path.size()] == '/';
}

}  // namespace slipway::images
