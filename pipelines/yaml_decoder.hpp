#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pipelines/yaml_reader.hpp"

namespace slipway::pipelines {

// Each reader below reports what does not fit, with the fix, and then returns nothing. `what` names the value for
// people: "`timeout`", "an item of `run`".

/// Any scalar, as written. Empty is an error unless `may_be_empty`. At most `limit` bytes.
struct TextRule {
  std::size_t limit = 4096;
  bool may_be_empty = false;
};
std::optional<std::string> read_text(const YamlNode& node, std::string_view what, Diagnostics& diagnostics,
                                     TextRule rule = {});
std::optional<std::int64_t> read_integer(const YamlNode& node, std::string_view what, std::int64_t min,
                                         std::int64_t max, Diagnostics& diagnostics);
/// A decimal number in thousandths: "0.5" is 500. What `cpus` is written as.
std::optional<std::int64_t> read_thousandths(const YamlNode& node, std::string_view what, std::int64_t min,
                                             std::int64_t max, Diagnostics& diagnostics);
/// `true` or `false`, not quoted.
std::optional<bool> read_boolean(const YamlNode& node, std::string_view what, Diagnostics& diagnostics);
/// "90s", "10m", "1h30m", "500ms", "2d"; a bare number is refused, since its unit is a guess.
std::optional<std::chrono::milliseconds> read_duration(const YamlNode& node, std::string_view what,
                                                       std::chrono::milliseconds min, std::chrono::milliseconds max,
                                                       Diagnostics& diagnostics);
/// "512MB", "1GiB", "64k" or a number of bytes. As Docker has it, k, m, g (with or without B, iB) are powers of 1024.
std::optional<std::int64_t> read_bytes(const YamlNode& node, std::string_view what, std::int64_t min, std::int64_t max,
                                       Diagnostics& diagnostics);
/// A word out of `choices`, by its place among them.
std::optional<std::size_t> read_choice(const YamlNode& node, std::string_view what,
                                       const std::vector<std::string_view>& choices, Diagnostics& diagnostics);

/// A text and where it stands.
struct Placed {
  std::string text;
  Position at;
};
/// A list of scalars; a single scalar is a list of one. At most `max_items`.
std::vector<Placed> read_texts(const YamlNode& node, std::string_view what, std::size_t max_items,
                               Diagnostics& diagnostics, TextRule rule = {});
struct PlacedPair {
  Placed key;
  Placed value;
};
/// A map of scalars to scalars. At most `max_items`.
std::vector<PlacedPair> read_text_map(const YamlNode& node, std::string_view what, std::size_t max_items,
                                      Diagnostics& diagnostics, TextRule rule = {});

/// "90s" and the like, without a file around it (for settings from flags and the environment).
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
std::optional<std::int64_t> parse_bytes(std::string_view text);
/// "512MB": what parse_bytes reads back.
std::string format_bytes(std::int64_t bytes);
/// "10m", "1h30m", "500ms": what parse_duration reads back.
std::string format_duration(std::chrono::milliseconds duration);

/// A map with known keys, read key by key. What was never asked for is unknown, and `finish` says so:
///
///   MapReader job(node, "a job", diagnostics);
///   if (const YamlNode* timeout = job.find("timeout")) …
///   job.later("cache", "caches");
///   job.finish();
///
/// Borrows the node and the diagnostics. A node that is no map is reported once, and is then as a map without keys.
class MapReader {
 public:
  MapReader(const YamlNode& node, std::string what, Diagnostics& diagnostics);

  /// The value of `key`; null if it is absent, or is empty (`key:` with nothing after it), which is reported.
  const YamlNode* find(std::string_view key);
  /// Likewise, but a key with nothing after it is a null node.
  const YamlNode* find_maybe_empty(std::string_view key);
  /// Like find; absence is an error that shows `example`.
  const YamlNode* require(std::string_view key, std::string_view example);
  /// A key of a later release: an error that says so.
  void later(std::string_view key);
  /// A key that other systems have, and what to write here instead.
  void foreign(std::string_view key, std::string_view help);
  /// Reports every key that nobody asked for.
  void finish();

  [[nodiscard]] bool is_map() const { return node_.is_map(); }
  [[nodiscard]] const YamlNode& node() const { return node_; }
  [[nodiscard]] Position at() const { return node_.at; }
  /// Where `key` stands; the map's own place if it is absent.
  [[nodiscard]] Position at(std::string_view key) const;

 private:
  [[nodiscard]] const YamlEntry* entry(std::string_view key) const;

  const YamlNode& node_;
  std::string what_;
  Diagnostics& diagnostics_;
  std::vector<std::string> known_;     // suggested
  std::vector<std::string> reported_;  // of a later release or foreign: known, not suggested
};

}  // namespace slipway::pipelines
