#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "base/result.hpp"

namespace slipway {

using Json = nlohmann::json;

/// Never throws; nesting is bounded (64) so hostile input can't exhaust the stack.
Result<Json> parse_json(std::string_view text);

/// Lenient readers for answers of foreign systems: a missing key or a wrong type gives the default, never a throw.
std::string text_at(const Json& object, std::string_view key, std::string_view otherwise = {});
std::int64_t number_at(const Json& object, std::string_view key, std::int64_t otherwise = 0);
bool flag_at(const Json& object, std::string_view key, bool otherwise = false);
/// The value at `key`, or a null if there is none or `object` is no object.
const Json& value_at(const Json& object, std::string_view key);
/// The strings of an array, without what else is in it.
std::vector<std::string> texts_in(const Json& array);

/// Serialises any string, bytes that are not UTF-8 becoming U+FFFD.
std::string dump_json(const Json& value);

}  // namespace slipway
