#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "pipelines/yaml_decoder.hpp"

/// Values as Compose writes them, on top of the YAML decoder: each reports what does not fit where it stands.
namespace slipway::rollouts {

using pipelines::Diagnostics;
using pipelines::MapReader;
using pipelines::Placed;
using pipelines::Position;
using pipelines::YamlNode;

/// Absent keys leave `into` alone.
void take_text(MapReader& map, std::string_view key, std::string& into, Diagnostics& diagnostics);
void take_flag(MapReader& map, std::string_view key, bool& into, Diagnostics& diagnostics);
void take_duration(MapReader& map, std::string_view key, std::optional<Milliseconds>& into, Diagnostics& diagnostics);
void take_bytes(MapReader& map, std::string_view key, std::int64_t& into, Diagnostics& diagnostics);
void take_integer(MapReader& map, std::string_view key, std::int64_t min, std::int64_t max, std::int64_t& into,
                  Diagnostics& diagnostics);
/// A decimal number, at most 1000000.
void take_decimal(MapReader& map, std::string_view key, double& into, Diagnostics& diagnostics);
/// A list of texts, or a single one.
void take_texts(MapReader& map, std::string_view key, std::vector<std::string>& into, Diagnostics& diagnostics);
/// `{NAME: value}` or `[NAME=value]`; a name without a value is an error that `no_value` explains, or if that is empty
/// has the empty value.
void take_pairs(MapReader& map, std::string_view key, std::map<std::string, std::string>& into,
                std::string_view no_value, Diagnostics& diagnostics);
/// `labels` as `take_pairs` has them. What slipway or Docker Compose tell their own things by is nobody else's to
/// claim.
void take_labels(MapReader& map, std::map<std::string, std::string>& into, Diagnostics& diagnostics);
/// A list as it is, or a text split into words as a shell does.
void take_command(MapReader& map, std::string_view key, std::optional<std::vector<std::string>>& into,
                  Diagnostics& diagnostics);

/// Keys that begin with "x-" are anybody's own.
void allow_extensions(const YamlNode& node, MapReader& map);
/// Calls `each` with name, value (may be null) and the name's position for every entry of a map of named things.
void each_named(const YamlNode& node, std::string_view what, Diagnostics& diagnostics,
                const std::function<void(const std::string&, const YamlNode&, Position)>& each);

/// Words of a command line: quotes and backslashes as in sh, no variables, no operators.
Result<std::vector<std::string>> split_words(std::string_view text);
/// A number from 1 to 65535.
std::optional<std::uint16_t> parse_port(std::string_view text);
std::vector<std::string> split(std::string_view text, char separator);
/// Letters, digits, '_', '.' and '-', the first one of the first two; at most 63.
bool is_plain_name(std::string_view text);

}  // namespace slipway::rollouts
