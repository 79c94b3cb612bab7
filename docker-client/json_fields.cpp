#include "docker-client/json_fields.hpp"

#include <nlohmann/json.hpp>

namespace slipway::docker {

std::vector<std::string> strings_at(const Json& object, std::string_view key) {
  std::vector<std::string> texts;
  const Json& list = value_at(object, key);
  if (!list.is_array()) return texts;
  for (const Json& item : list) {
    if (item.is_string()) texts.push_back(item.get<std::string>());
  }
  return texts;
}

std::map<std::string, std::string> string_map_at(const Json& object, std::string_view key) {
  std::map<std::string, std::string> texts;
  const Json& map = value_at(object, key);
  if (!map.is_object()) return texts;
  for (const auto& [name, value] : map.items()) {
    if (value.is_string()) texts.emplace(name, value.get<std::string>());
  }
  return texts;
}

std::optional<Time> time_at(const Json& object, std::string_view key) {
  const Result<Time> time = parse_time(text_at(object, key));
  if (!time || *time <= Time()) return std::nullopt;
  return *time;
}

Result<Json> json_body(const Response& response) {
  Result<Json> body = parse_json(response.body);
  if (!body) return fail(Error::Kind::protocol, "the engine's answer is no JSON: " + body.error().message);
  return body;
}

}  // namespace slipway::docker
