#include "tests/integration/http/schema.hpp"

#include <algorithm>
#include <regex>

#include <nlohmann/json.hpp>

#include "base/clock.hpp"

namespace slipway::http {
namespace {

bool is_of(const std::string& type, const Json& value) {
  if (type == "null") return value.is_null();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  return false;
}

bool fits_type(const Json& type, const Json& value) {
  if (type.is_string()) return is_of(type.get<std::string>(), value);
  return std::any_of(type.begin(), type.end(), [&](const Json& each) { return is_of(each.get<std::string>(), value); });
}

std::string object_mismatch(const Json& root, const Json& schema, const Json& value, const std::string& where) {
  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get<std::string>())) return where + ": " + name.get<std::string>() + " is missing";
  }
  const Json properties = schema.value("properties", Json::object());
  const Json more = schema.value("additionalProperties", Json(true));
  for (const auto& [key, each] : value.items()) {
    const std::string place = where + "." + key;
    if (properties.contains(key)) {
      if (const std::string problem = mismatch(root, properties[key], each, place); !problem.empty()) return problem;
    } else if (more.is_boolean()) {
      if (!more.get<bool>()) return place + " is not described";
    } else if (const std::string problem = mismatch(root, more, each, place); !problem.empty()) {
      return problem;
    }
  }
  return {};
}

std::string text_mismatch(const Json& schema, const std::string& text, const std::string& where) {
  if (schema.contains("pattern") && !std::regex_search(text, std::regex(schema["pattern"].get<std::string>()))) {
    return where + ": '" + text + "' does not fit the pattern";
  }
  if (schema.value("format", "") == "date-time" && !parse_time(text)) return where + ": '" + text + "' is no time";
  return {};
}

}  // namespace

std::string mismatch(const Json& root, const Json& schema, const Json& value, const std::string& where) {
  if (schema.contains("$ref")) {
    const auto pointer = schema["$ref"].get<std::string>().substr(1);
    return mismatch(root, root.at(Json::json_pointer(pointer)), value, where);
  }
  if (schema.contains("type") && !fits_type(schema["type"], value)) {
    return where + ": " + value.dump().substr(0, 80) + " is not of type " + schema["type"].dump();
  }
  if (schema.contains("enum")) {
    const Json& known = schema["enum"];
    if (std::find(known.begin(), known.end(), value) == known.end()) return where + ": unknown word " + value.dump();
  }
  if (value.is_object()) return object_mismatch(root, schema, value, where);
  if (value.is_string()) return text_mismatch(schema, value.get<std::string>(), where);
  if (!value.is_array() || !schema.contains("items")) return {};
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string place = where + "[" + std::to_string(i) + "]";
    if (const std::string problem = mismatch(root, schema["items"], value[i], place); !problem.empty()) return problem;
  }
  return {};
}

}  // namespace slipway::http
