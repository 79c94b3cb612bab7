#pragma once
#include <string>

#include "base/json.hpp"

namespace slipway::http {

/// What keeps `value` from being what `schema` (of the OpenAPI description `root`) says; empty if nothing does. Knows
/// what our description uses: $ref, type, enum, properties, required, additionalProperties, items, pattern, format.
std::string mismatch(const Json& root, const Json& schema, const Json& value, const std::string& where = "$");

}  // namespace slipway::http
