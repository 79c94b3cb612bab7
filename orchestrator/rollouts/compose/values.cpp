#include "orchestrator/rollouts/compose/values.hpp"

#include <algorithm>
#include <charconv>

namespace slipway::rollouts {
namespace {

constexpr std::size_t max_items = 1000;
constexpr pipelines::TextRule long_text{32 << 10, true};
constexpr Milliseconds longest{std::chrono::hours(24 * 365)};
constexpr std::int64_t most_bytes = std::int64_t(1) << 50;

std::string quoted(std::string_view key) {
  return "`" + std::string(key) + "`";
}

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

void take_text(MapReader& map, std::string_view key, std::string& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  if (auto text = pipelines::read_text(*node, quoted(key), diagnostics)) into = std::move(*text);
}

void take_flag(MapReader& map, std::string_view key, bool& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  into = pipelines::read_boolean(*node, quoted(key), diagnostics).value_or(into);
}

void take_duration(MapReader& map, std::string_view key, std::optional<Milliseconds>& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  const auto duration = pipelines::read_duration(*node, quoted(key), Milliseconds(0), longest, diagnostics);
  if (duration) into = *duration;
}

void take_bytes(MapReader& map, std::string_view key, std::int64_t& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  into = pipelines::read_bytes(*node, quoted(key), 0, most_bytes, diagnostics).value_or(into);
}

void take_integer(MapReader& map, std::string_view key, std::int64_t min, std::int64_t max, std::int64_t& into,
                  Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  into = pipelines::read_integer(*node, quoted(key), min, max, diagnostics).value_or(into);
}

void take_decimal(MapReader& map, std::string_view key, double& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  const auto thousandths = pipelines::read_thousandths(*node, quoted(key), 0, 1'000'000'000, diagnostics);
  if (thousandths) into = static_cast<double>(*thousandths) / 1000.0;
}

void take_texts(MapReader& map, std::string_view key, std::vector<std::string>& into, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  for (Placed& one : pipelines::read_texts(*node, quoted(key), max_items, diagnostics, long_text)) {
    into.push_back(std::move(one.text));
  }
}

namespace {

void take_pair(const YamlNode& item, std::string_view key, std::map<std::string, std::string>& into,
               std::string_view no_value, Diagnostics& diagnostics) {
  const auto text = pipelines::read_text(item, "an item of " + quoted(key), diagnostics, long_text);
  if (!text) return;
  const auto equals = std::min(text->find('='), text->size());
  if (equals == 0) {
    diagnostics.error(item.at, "an item of " + quoted(key) + " has no name", *text, "write NAME=value");
  } else if (equals == text->size() && !no_value.empty()) {
    diagnostics.error(item.at, "an item of " + quoted(key) + " has no value", *text, std::string(no_value));
  } else {
    into[text->substr(0, equals)] = text->substr(std::min(equals + 1, text->size()));
  }
}

}  // namespace

void take_pairs(MapReader& map, std::string_view key, std::map<std::string, std::string>& into,
                std::string_view no_value, Diagnostics& diagnostics) {
  const YamlNode* node = map.find(key);
  if (node == nullptr) return;
  if (node->is_list()) {
    for (const YamlNode& item : node->items) take_pair(item, key, into, no_value, diagnostics);
    return;
  }
  each_named(*node, quoted(key), diagnostics, [&](const std::string& name, const YamlNode& value, Position at) {
    if (value.is_null() && no_value.empty()) {
      into[name] = "";
    } else if (value.is_null()) {
      diagnostics.error(at, "`" + name + "` in " + quoted(key) + " has no value", name, std::string(no_value));
    } else if (const auto text = pipelines::read_text(value, "`" + name + "`", diagnostics, long_text)) {
      into[name] = *text;
    }
  });
}

void take_labels(MapReader& map, std::map<std::string, std::string>& into, Diagnostics& diagnostics) {
  take_pairs(map, "labels", into, "", diagnostics);
  for (const auto& [name, value] : into) {
    if (name.starts_with("dev.slipway.")) {
      diagnostics.error(map.at("labels"), "labels below dev.slipway. are slipway's own", name);
    } else if (name.starts_with("com.docker.compose.")) {
      diagnostics.error(map.at("labels"), "labels below com.docker.compose. are Docker Compose's own", name);
    }
  }
}

void take_command(MapReader& map, std::string_view key, std::optional<std::vector<std::string>>& into,
                  Diagnostics& diagnostics) {
  const YamlNode* node = map.find_maybe_empty(key);
  if (node == nullptr || node->is_null()) return;
  if (node->is_list()) {
    into.emplace();
    for (Placed& one : pipelines::read_texts(*node, quoted(key), max_items, diagnostics, long_text)) {
      into->push_back(std::move(one.text));
    }
    return;
  }
  const auto text = pipelines::read_text(*node, quoted(key), diagnostics, long_text);
  if (!text) return;
  auto words = split_words(*text);
  if (words) {
    into = std::move(*words);
  } else {
    diagnostics.error(node->at, words.error().message, *text, "write a list: [program, argument]");
  }
}

void allow_extensions(const YamlNode& node, MapReader& map) {
  for (const pipelines::YamlEntry& entry : node.entries) {
    if (entry.key.starts_with("x-")) map.find_maybe_empty(entry.key);
  }
}

void each_named(const YamlNode& node, std::string_view what, Diagnostics& diagnostics,
                const std::function<void(const std::string&, const YamlNode&, Position)>& each) {
  if (!node.is_map()) {
    diagnostics.error(node.at, std::string(what) + " must be a map of names", node.text);
    return;
  }
  if (node.entries.size() > max_items) {
    diagnostics.error(node.at, std::string(what) + " has more than " + std::to_string(max_items) + " entries");
    return;
  }
  for (const pipelines::YamlEntry& entry : node.entries) each(entry.key, entry.value, entry.at);
}

Result<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  bool inside = false;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\'' && c != '\'') {
      word += c;
    } else if (quote != '\0' && c == quote) {
      quote = '\0';
    } else if (c == '\\' && i + 1 < text.size() && (quote == '\0' || text[i + 1] == '"' || text[i + 1] == '\\')) {
      word += text[++i];
      inside = true;
    } else if (quote == '"') {
      word += c;
    } else if (c == '\'' || c == '"') {
      quote = c;
      inside = true;
    } else if (c == ' ' || c == '\t' || c == '\n') {
      if (inside) words.push_back(std::exchange(word, {}));
      inside = false;
    } else {
      word += c;
      inside = true;
    }
  }
  if (quote != '\0') return fail(Error::Kind::invalid, "a quote is not closed");
  if (inside) words.push_back(std::move(word));
  return words;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (bad != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool is_plain_name(std::string_view text) {
  if (text.empty() || text.size() > 63 || !is_alphanumeric(text.front())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
}

}  // namespace slipway::rollouts
