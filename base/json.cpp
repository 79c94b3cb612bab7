#include "base/json.hpp"

#include <nlohmann/json.hpp>

namespace slipway {
namespace {
constexpr int max_depth = 64;
}

Result<Json> parse_json(std::string_view text) {
  bool too_deep = false;
  const Json::parser_callback_t bound = [&](int depth, Json::parse_event_t, Json&) {
    too_deep = too_deep || depth > max_depth;
    return !too_deep;
  };
  Json value = Json::parse(text.begin(), text.end(), bound, false);
  if (too_deep) return fail(Error::Kind::invalid, "JSON is nested more than 64 levels deep");
  if (value.is_discarded()) return fail(Error::Kind::invalid, "not valid JSON");
  return value;
}

const Json& value_at(const Json& object, std::string_view key) {
  static const Json null;
  if (!object.is_object()) return null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string text_at(const Json& object, std::string_view key, std::string_view otherwise) {
  const Json& value = value_at(object, key);
  return value.is_string() ? value.get<std::string>() : std::string(otherwise);
}

std::int64_t number_at(const Json& object, std::string_view key, std::int64_t otherwise) {
  const Json& value = value_at(object, key);
  return value.is_number() ? value.get<std::int64_t>() : otherwise;
}

bool flag_at(const Json& object, std::string_view key, bool otherwise) {
  const Json& value = value_at(object, key);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

std::vector<std::string> texts_in(const Json& array) {
  std::vector<std::string> texts;
  if (!array.is_array()) return texts;
  for (const Json& one : array) {
    if (one.is_string()) texts.push_back(one.get<std::string>());
  }
  return texts;
}

std::string dump_json(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace slipway
