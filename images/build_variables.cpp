#include "images/build_variables.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.hpp"

namespace slipway::images {
namespace {

constexpr std::size_t kLongestFilled = 16 << 10;  // each ARG may double the one before
constexpr std::size_t kMostHeld = 1 << 20;        // bytes; a short ARG may have the longest value

/// The longest beginning of `text` that is a variable's name.
std::string_view variable_name(std::string_view text) {
  if (text.empty() || is_digit(text.front())) return {};
  const auto fits = [](unsigned char c) { return c < 127 && (std::isalnum(c) != 0 || c == '_'); };
  return {text.begin(), std::find_if_not(text.begin(), text.end(), fits)};
}

/// Set by some builder, whoever declares them.
bool is_of_builder(std::string_view variable) {
  constexpr std::array<std::string_view, 12> kNames = {
      "TARGETPLATFORM", "TARGETOS", "TARGETOSVERSION", "TARGETARCH", "TARGETVARIANT", "TARGETSTAGE",
      "BUILDPLATFORM",  "BUILDOS",  "BUILDOSVERSION",  "BUILDARCH",  "BUILDVARIANT",  "SOURCE_DATE_EPOCH"};
  return std::find(kNames.begin(), kNames.end(), variable) != kNames.end();
}

}  // namespace

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; }) &&
         text.find_first_of("\"'`\\") == std::string_view::npos;
}

struct BuildVariables::Use {
  std::string_view name;
  std::string_view otherwise;
  std::string_view instead;
  bool replaced = false;  ///< by `instead`, if it has a value
};

/// Not copied, since it may be long and be left out again.
struct BuildVariables::Value {
  std::string_view text;
  bool clear = false;
};

/// Takes the variable off that `text` begins with.
std::optional<BuildVariables::Use> BuildVariables::take_use(std::string_view& text) {
  text.remove_prefix(1);
  const bool braces = text.starts_with('{');
  if (braces) text.remove_prefix(1);
  Use use;
  use.name = variable_name(text);
  if (use.name.empty()) return std::nullopt;
  text.remove_prefix(use.name.size());
  if (!braces) return use;
  const auto end = text.find('}');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view rest = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (rest.empty()) return use;
  if (rest.find_first_of("${") != std::string_view::npos) return std::nullopt;
  use.replaced = rest.starts_with(":+");
  if (!use.replaced && !rest.starts_with(":-")) return std::nullopt;
  (use.replaced ? use.instead : use.otherwise) = rest.substr(2);
  return use;
}

BuildVariables::Value BuildVariables::value_of(const Use& use) const {
  Value value;
  if (const auto found = values_.find(use.name); found != values_.end()) {
    value = {found->second.text, found->second.clear};
  }
  if (value.text.empty()) {
    value.text = use.otherwise;
  } else if (use.replaced) {
    value.text = use.instead;
  }
  return value;
}

FilledText BuildVariables::fill(std::string_view word) const {
  const bool quoted = word.size() > 1 && (word.front() == '"' || word.front() == '\'') && word.back() == word.front();
  const bool as_it_is = quoted && word.front() == '\'' && word.find('$') != std::string_view::npos;
  if (quoted) word = word.substr(1, word.size() - 2);
  FilledText filled{"", is_plain(word) && !as_it_is};
  while (!word.empty()) {
    const std::string_view before = word.substr(0, word.find('$'));
    filled.text += before;
    word.remove_prefix(before.size());
    if (word.empty()) break;
    const std::optional<Use> use = take_use(word);
    if (!use) return {"", false};
    const Value value = value_of(*use);
    filled.text += value.text;
    if (filled.text.size() > kLongestFilled) return {"", false};
    filled.clear = filled.clear && value.clear;
  }
  return filled;
}

bool BuildVariables::hold(std::size_t bytes) {
  if (bytes > kMostHeld - held_) return false;
  held_ += bytes;
  return true;
}

bool BuildVariables::declare(std::string_view word) {
  const auto equals = std::min(word.find('='), word.size());
  const std::string name(word.substr(0, equals));
  if (name.empty() || variable_name(name) != name) return false;
  const auto given = arguments_.find(name);
  const bool has_value = given != arguments_.end() || equals < word.size();
  FilledText value;
  if (given != arguments_.end()) {
    value.text = given->second;
  } else if (has_value) {
    value = fill(word.substr(equals + 1));
  }
  if (!hold(name.size() + value.text.size())) return false;
  if (is_of_builder(name)) value.clear = false;
  const auto [at, fresh] = values_.try_emplace(name, value);
  if (!fresh && has_value) at->second.text = value.text;
  if (!fresh) at->second.clear = false;  // without a value, the second time: some builders forget the first
  return true;
}

}  // namespace slipway::images
