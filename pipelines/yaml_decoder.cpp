#include "pipelines/yaml_decoder.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace slipway::pipelines {
namespace {

std::string_view kind_of(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a single value";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a map";
  }
  return {};
}

bool expect_scalar(const YamlNode& node, std::string_view what, std::string_view wanted, Diagnostics& diagnostics) {
  if (node.is_scalar()) return true;
  diagnostics.error(node.at, fmt::format("{} must be {}, not {}", what, wanted, kind_of(node)));
  return false;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Digits with an optional fraction of at most three digits, in thousandths.
std::optional<std::int64_t> to_thousandths(std::string_view text) {
  const std::size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  std::string fraction(dot == std::string_view::npos ? "" : text.substr(dot + 1));
  const bool broken = dot != std::string_view::npos && (fraction.empty() || fraction.size() > 3);
  if (broken || whole.empty() || whole.size() > 12) return std::nullopt;
  if (!std::all_of(whole.begin(), whole.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  if (!std::all_of(fraction.begin(), fraction.end(), [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  fraction.resize(3, '0');
  return *to_integer(whole) * 1000 + *to_integer(fraction);
}

struct Unit {
  std::string_view name;
  std::int64_t size;
};
constexpr std::array<Unit, 5> durations{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 5> sizes{{{"", 1}, {"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"t", 1LL << 40}}};

template <std::size_t N>
const Unit* unit_named(const std::array<Unit, N>& units, std::string_view name) {
  const auto* found = std::find_if(units.begin(), units.end(), [&](const Unit& unit) { return unit.name == name; });
  return found == units.end() ? nullptr : found;
}

std::string out_of_range(std::string_view what, std::string_view min, std::string_view max) {
  return fmt::format("{} must be between {} and {}", what, min, max);
}

bool too_many(std::size_t count, std::size_t max, Position at, std::string_view what, Diagnostics& diagnostics) {
  if (count <= max) return false;
  diagnostics.error(at, fmt::format("{} has {} entries; at most {} are allowed", what, count, max));
  return true;
}

}  // namespace

std::optional<std::string> read_text(const YamlNode& node, std::string_view what, Diagnostics& diagnostics,
                                     TextRule rule) {
  if (!expect_scalar(node, what, "text", diagnostics)) return std::nullopt;
  if (node.text.empty() && !rule.may_be_empty) {
    diagnostics.error(node.at, fmt::format("{} is empty", what));
    return std::nullopt;
  }
  if (node.text.size() > rule.limit) {
    diagnostics.error(node.at, fmt::format("{} is longer than {} bytes", what, rule.limit), node.text);
    return std::nullopt;
  }
  return node.text;
}

std::optional<std::int64_t> read_integer(const YamlNode& node, std::string_view what, std::int64_t min,
                                         std::int64_t max, Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "a whole number", diagnostics)) return std::nullopt;
  const std::optional<std::int64_t> value = node.quoted ? std::nullopt : to_integer(node.text);
  if (!value) {
    diagnostics.error(node.at, fmt::format("{} must be a whole number, not `{}`", what, node.text), node.text,
                      node.quoted ? "remove the quotes" : "");
    return std::nullopt;
  }
  if (*value < min || *value > max) {
    diagnostics.error(node.at, out_of_range(what, std::to_string(min), std::to_string(max)), node.text);
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> read_thousandths(const YamlNode& node, std::string_view what, std::int64_t min,
                                             std::int64_t max, Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "a number", diagnostics)) return std::nullopt;
  const std::optional<std::int64_t> value = node.quoted ? std::nullopt : to_thousandths(node.text);
  if (!value) {
    diagnostics.error(node.at, fmt::format("{} must be a number such as 2 or 0.5, not `{}`", what, node.text),
                      node.text, node.quoted ? "remove the quotes" : "at most three digits after the point");
    return std::nullopt;
  }
  if (*value < min || *value > max) {
    const auto show = [](std::int64_t number) { return fmt::format("{:g}", static_cast<double>(number) / 1000); };
    diagnostics.error(node.at, out_of_range(what, show(min), show(max)), node.text);
    return std::nullopt;
  }
  return value;
}

std::optional<bool> read_boolean(const YamlNode& node, std::string_view what, Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "true or false", diagnostics)) return std::nullopt;
  if (!node.quoted && node.text == "true") return true;
  if (!node.quoted && node.text == "false") return false;
  diagnostics.error(node.at, fmt::format("{} must be true or false, not `{}`", what, node.text), node.text,
                    node.quoted ? "remove the quotes" : "write `true` or `false`");
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> read_duration(const YamlNode& node, std::string_view what,
                                                       std::chrono::milliseconds min, std::chrono::milliseconds max,
                                                       Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "a duration", diagnostics)) return std::nullopt;
  const auto value = parse_duration(node.text);
  if (!value) {
    const bool bare = to_integer(node.text).has_value();
    diagnostics.error(node.at, fmt::format("{} must be a duration such as 90s or 1h30m, not `{}`", what, node.text),
                      node.text, bare ? "add the unit: ms, s, m, h or d" : "units are ms, s, m, h and d");
    return std::nullopt;
  }
  if (*value < min || *value > max) {
    diagnostics.error(node.at, out_of_range(what, format_duration(min), format_duration(max)), node.text);
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> read_bytes(const YamlNode& node, std::string_view what, std::int64_t min, std::int64_t max,
                                       Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "a size", diagnostics)) return std::nullopt;
  const std::optional<std::int64_t> value = parse_bytes(node.text);
  if (!value) {
    diagnostics.error(node.at, fmt::format("{} must be a size such as 512MB or 2GB, not `{}`", what, node.text),
                      node.text, "units are KB, MB, GB and TB, each 1024 times the one before");
    return std::nullopt;
  }
  if (*value < min || *value > max) {
    diagnostics.error(node.at, out_of_range(what, format_bytes(min), format_bytes(max)), node.text);
    return std::nullopt;
  }
  return value;
}

std::optional<std::size_t> read_choice(const YamlNode& node, std::string_view what,
                                       const std::vector<std::string_view>& choices, Diagnostics& diagnostics) {
  if (!expect_scalar(node, what, "a word", diagnostics)) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), node.text);
  if (found != choices.end()) return static_cast<std::size_t>(found - choices.begin());
  diagnostics.error(node.at, fmt::format("{} can't be `{}`", what, node.text), node.text, suggest(node.text, choices));
  return std::nullopt;
}

std::vector<Placed> read_texts(const YamlNode& node, std::string_view what, std::size_t max_items,
                               Diagnostics& diagnostics, TextRule rule) {
  std::vector<Placed> texts;
  if (node.is_scalar()) {
    if (auto text = read_text(node, what, diagnostics, rule)) texts.push_back({std::move(*text), node.at});
    return texts;
  }
  if (!node.is_list()) {
    diagnostics.error(node.at, fmt::format("{} must be a list, not {}", what, kind_of(node)));
    return texts;
  }
  if (too_many(node.items.size(), max_items, node.at, what, diagnostics)) return texts;
  for (const YamlNode& item : node.items) {
    if (auto text = read_text(item, fmt::format("an item of {}", what), diagnostics, rule)) {
      texts.push_back({std::move(*text), item.at});
    }
  }
  return texts;
}

std::vector<PlacedPair> read_text_map(const YamlNode& node, std::string_view what, std::size_t max_items,
                                      Diagnostics& diagnostics, TextRule rule) {
  std::vector<PlacedPair> pairs;
  if (!node.is_map()) {
    diagnostics.error(node.at, fmt::format("{} must be a map, not {}", what, kind_of(node)), node.text,
                      "write `NAME: value`, one a line");
    return pairs;
  }
  if (too_many(node.entries.size(), max_items, node.at, what, diagnostics)) return pairs;
  for (const YamlEntry& entry : node.entries) {
    const std::string name = fmt::format("`{}` of {}", entry.key, what);
    if (entry.value.is_null()) {
      diagnostics.error(entry.at, fmt::format("{} has no value", name), entry.key, "write \"\" for an empty text");
    } else if (auto text = read_text(entry.value, name, diagnostics, rule)) {
      pairs.push_back({{entry.key, entry.at}, {std::move(*text), entry.value.at}});
    }
  }
  return pairs;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  std::int64_t last_unit = INT64_MAX;  // units must get smaller: 1h30m, not 30m1h
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const std::string_view after = text.substr(digits);
    const std::string_view name = after.substr(0, after.find_first_of("0123456789"));
    const Unit* unit = unit_named(durations, name);
    if (digits == 0 || digits > 9 || unit == nullptr || unit->size >= last_unit) return std::nullopt;
    total += *to_integer(text.substr(0, digits)) * unit->size;
    last_unit = unit->size;
    text = after.substr(name.size());
  }
  return std::chrono::milliseconds(total);
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  std::string name(text.substr(digits));
  name.erase(0, name.find_first_not_of(' '));
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  if (name.ends_with("ib") && name.size() == 3) name.resize(1);
  if (name.ends_with('b')) name.pop_back();
  const Unit* unit = unit_named(sizes, name);
  const std::optional<std::int64_t> number = to_thousandths(text.substr(0, digits));
  if (unit == nullptr || !number || *number > INT64_MAX / unit->size) return std::nullopt;
  return *number * unit->size / 1000;
}

std::string format_bytes(std::int64_t bytes) {
  const auto fits = [&](const Unit& unit) { return bytes >= unit.size && bytes % unit.size == 0; };
  const auto unit = std::find_if(sizes.rbegin(), sizes.rend(), fits);
  if (unit == sizes.rend() || unit->size == 1) return fmt::format("{} bytes", bytes);
  return fmt::format("{}{}B", bytes / unit->size, static_cast<char>(unit->name[0] - 'a' + 'A'));
}

std::string format_duration(std::chrono::milliseconds duration) {
  std::int64_t left = duration.count();
  std::string text;
  for (auto unit = durations.rbegin(); unit != durations.rend(); ++unit) {
    if (left >= unit->size) text += fmt::format("{}{}", left / unit->size, unit->name);
    left %= unit->size;
  }
  return text.empty() ? "0s" : text;
}

MapReader::MapReader(const YamlNode& node, std::string what, Diagnostics& diagnostics)
    : node_(node), what_(std::move(what)), diagnostics_(diagnostics) {
  if (!node.is_map()) {
    diagnostics.error(node.at, fmt::format("{} must be a map, not {}", what_, kind_of(node)), node.text,
                      "write `key: value`, one a line");
  }
}

const YamlEntry* MapReader::entry(std::string_view key) const {
  const auto found =
      std::find_if(node_.entries.begin(), node_.entries.end(), [&](const YamlEntry& one) { return one.key == key; });
  return found == node_.entries.end() ? nullptr : &*found;
}

const YamlNode* MapReader::find_maybe_empty(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  const YamlEntry* found = entry(key);
  return found == nullptr ? nullptr : &found->value;
}

const YamlNode* MapReader::find(std::string_view key) {
  const YamlNode* value = find_maybe_empty(key);
  if (value == nullptr || !value->is_null()) return value;
  diagnostics_.error(at(key), fmt::format("`{}` of {} has no value", key, what_), key,
                     "write a value after it, or remove it");
  return nullptr;
}

const YamlNode* MapReader::require(std::string_view key, std::string_view example) {
  const YamlNode* value = find(key);
  if (value == nullptr && node_.is_map() && entry(key) == nullptr) {
    diagnostics_.error(node_.at, fmt::format("{} needs the key `{}`", what_, key), {},
                       fmt::format("add `{}`", example));
  }
  return value;
}

void MapReader::later(std::string_view key) {
  reported_.emplace_back(key);
  if (entry(key) == nullptr) return;
  diagnostics_.error(at(key), fmt::format("`{}` is not supported by this release yet", key), key,
                     "remove it; a later release will have it");
}

void MapReader::foreign(std::string_view key, std::string_view help) {
  reported_.emplace_back(key);
  if (entry(key) == nullptr) return;
  diagnostics_.error(at(key), fmt::format("unknown key `{}` in {}", key, what_), key, std::string(help));
}

void MapReader::finish() {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const YamlEntry& one : node_.entries) {
    if (diagnostics_.errors() >= Diagnostics::limit) return;  // suggestions that nobody sees would cost much
    const auto is = [&](const std::string& key) { return key == one.key; };
    if (std::any_of(known_.begin(), known_.end(), is) || std::any_of(reported_.begin(), reported_.end(), is)) continue;
    diagnostics_.error(one.at, fmt::format("unknown key `{}` in {}", one.key, what_), one.key, suggest(one.key, known));
  }
}

Position MapReader::at(std::string_view key) const {
  const YamlEntry* found = entry(key);
  return found == nullptr ? node_.at : found->at;
}

}  // namespace slipway::pipelines
