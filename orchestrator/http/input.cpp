#include "orchestrator/http/input.hpp"

#include <nlohmann/json.hpp>

namespace slipway::http {

Input::Input(Json body) : body_(std::make_shared<const Json>(std::move(body))) {}

Result<Input> Input::of(const Request& request) {
  if (request.body.empty()) return Input(Json::object());
  const std::string_view type = request.header("content-type");
  if (!type.empty() && !type.starts_with("application/json")) {
    return fail(Error::Kind::invalid, "the body has to be JSON", "send Content-Type: application/json");
  }
  Result<Json> body = parse_json(request.body);
  if (!body) return fail(body.error().in("the body"));
  if (!body->is_object()) return fail(Error::Kind::invalid, "the body has to be a JSON object");
  return Input(std::move(*body));
}

const Json* Input::take(const char* name) {
  known_.insert(name);
  const Json& value = value_at(*body_, name);
  return value.is_null() ? nullptr : &value;
}

void Input::complain(std::string problem) {
  if (problem_.empty()) problem_ = std::move(problem);
}

std::optional<std::string> Input::text(const char* name, std::size_t most_bytes) {
  const Json* value = take(name);
  if (!value) return std::nullopt;
  if (!value->is_string()) {
    complain("'" + std::string(name) + "' has to be a text");
    return std::nullopt;
  }
  auto text = value->get<std::string>();
  if (text.size() > most_bytes)
    complain("'" + std::string(name) + "' is over " + std::to_string(most_bytes) + " bytes");
  if (text.find('\0') != std::string::npos) complain("'" + std::string(name) + "' holds a NUL");
  return text;
}

std::optional<Secret> Input::secret(const char* name, std::size_t most_bytes) {
  auto value = text(name, most_bytes);
  if (!value) return std::nullopt;
  return Secret(std::move(*value));
}

std::optional<bool> Input::flag(const char* name) {
  const Json* value = take(name);
  if (!value) return std::nullopt;
  if (value->is_boolean()) return value->get<bool>();
  complain("'" + std::string(name) + "' has to be true or false");
  return std::nullopt;
}

std::optional<std::int64_t> Input::number(const char* name, std::int64_t least, std::int64_t most) {
  const Json* value = take(name);
  if (!value) return std::nullopt;
  const bool whole =
      value->is_number_integer() && (!value->is_number_unsigned() || value->get<std::uint64_t>() <= INT64_MAX);
  const std::int64_t number = whole ? value->get<std::int64_t>() : 0;
  if (whole && number >= least && number <= most) return number;
  complain("'" + std::string(name) + "' has to be a whole number from " + std::to_string(least) + " to " +
           std::to_string(most));
  return std::nullopt;
}

std::map<std::string, std::string> Input::texts(const char* name) {
  std::map<std::string, std::string> texts;
  const Json* value = take(name);
  if (!value) return texts;
  if (!value->is_object() || value->size() > 100) {
    complain("'" + std::string(name) + "' has to be an object of at most 100 fields");
    return texts;
  }
  for (const auto& [key, each] : value->items()) {
    if (each.is_string()) {
      texts[key] = each.get<std::string>();
    } else if (each.is_number() || each.is_boolean()) {
      texts[key] = each.dump();
    } else {
      complain("'" + std::string(name) + "." + key + "' has to be a text");
    }
    if (key.size() > 200 || texts[key].size() > 16384) complain("'" + std::string(name) + "' holds something too long");
  }
  return texts;
}

std::vector<std::string> Input::list(const char* name) {
  std::vector<std::string> list;
  const Json* value = take(name);
  if (!value) return list;
  if (!value->is_array() || value->size() > 100) {
    complain("'" + std::string(name) + "' has to be a list of at most 100 texts");
    return list;
  }
  for (const Json& each : *value) {
    if (!each.is_string() || each.get_ref<const std::string&>().size() > 4096) {
      complain("'" + std::string(name) + "' has to be a list of texts");
    } else {
      list.push_back(each.get<std::string>());
    }
  }
  return list;
}

Result<void> Input::finish() {
  if (!problem_.empty()) return fail(Error::Kind::invalid, problem_);
  for (const auto& [key, value] : body_->items()) {
    if (known_.contains(key)) continue;
    std::string known;
    for (const std::string& name : known_) known += (known.empty() ? "" : ", ") + name;
    return fail(Error::Kind::invalid, "unknown field '" + key.substr(0, 60) + "'", "there are: " + known);
  }
  return {};
}

}  // namespace slipway::http
