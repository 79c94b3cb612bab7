#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "docker-client/message.hpp"

/// Lenient readers for the shapes that the Engine's answers are made of, beside those of base/json.hpp. A missing key,
/// a null or another type gives the default.
namespace slipway::docker {

std::vector<std::string> strings_at(const Json& object, std::string_view key);
std::map<std::string, std::string> string_map_at(const Json& object, std::string_view key);
/// The Engine writes "never" as the year 1.
std::optional<Time> time_at(const Json& object, std::string_view key);

/// The JSON of an answer; anything else is Kind::protocol.
Result<Json> json_body(const Response& response);

}  // namespace slipway::docker
