#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/diagnostic.hpp"

namespace slipway::pipelines {

struct YamlEntry;

/// A value of a YAML file and where it stands. Owns its children; aliases are copies that keep the anchor's position.
struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };

  Kind kind = Kind::null;
  Position at;
  std::string text;                ///< of a scalar
  bool quoted = false;             ///< the scalar is in quotes or a block: never a number, a boolean or null
  std::vector<YamlNode> items;     ///< of a list
  std::vector<YamlEntry> entries;  ///< of a map, in the order of the file; keys are unique

  [[nodiscard]] bool is_null() const { return kind == Kind::null; }
  [[nodiscard]] bool is_scalar() const { return kind == Kind::scalar; }
  [[nodiscard]] bool is_list() const { return kind == Kind::list; }
  [[nodiscard]] bool is_map() const { return kind == Kind::map; }
  /// The value of a map's key; null if there is none.
  [[nodiscard]] const YamlNode* find(std::string_view key) const;
};

struct YamlEntry {
  std::string key;
  Position at;  ///< of the key
  YamlNode value;
};

struct YamlLimits {
  std::size_t bytes = 1 << 20;           ///< of the file
  std::size_t depth = 32;                ///< of lists and maps in each other
  std::size_t nodes = 50'000;            ///< aliases expanded
  std::size_t expanded_bytes = 4 << 20;  ///< of all scalars, aliases expanded
};

/// Reads one YAML 1.2 document. Wrong syntax, a duplicate key, a key that is no scalar, a tag (`!…`), a second
/// document, bytes that are not UTF-8, control characters and anything over a limit are errors in `diagnostics`; then
/// there is no value. An empty file is a null. Merge keys (`<<: *defaults`) are understood: keys written out win.
std::optional<YamlNode> read_yaml(std::string_view text, Diagnostics& diagnostics, YamlLimits limits = {});

/// The number of `needle`s to skip from `from` on, to find where an expression inside a scalar really stands:
/// the position of the `skip`+1st `needle` at or after `from` in `source`, or `from` if there is none.
Position locate(std::string_view source, Position from, std::string_view needle, std::size_t skip);

}  // namespace slipway::pipelines
