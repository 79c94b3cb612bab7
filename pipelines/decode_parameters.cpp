// `parameters`: what a run started by hand can be given.
#include <algorithm>

#include <fmt/format.h>

#include "pipelines/decoding.hpp"
#include "pipelines/names.hpp"
#include "pipelines/parameter_values.hpp"

namespace slipway::pipelines {
namespace {
const std::vector<std::string_view> type_names{"string", "int", "bool", "enum"};

void read_values(MapReader& map, Parameter& parameter, const Decoding& decoding) {
  const bool choice = parameter.type == Parameter::Type::choice;
  const YamlNode* node = choice ? map.require("values", "values: [staging, prod]") : map.find("values");
  if (node == nullptr) return;
  if (!choice) {
    decoding.diagnostics.error(map.at("values"), "`values` is for parameters of type enum", "values",
                               "write `type: enum`, or remove it");
    return;
  }
  for (Placed& value :
       read_texts(*node, "`values`", bounds::matrix_values, decoding.diagnostics, {bounds::parameter_bytes, false})) {
    if (std::find(parameter.values.begin(), parameter.values.end(), value.text) != parameter.values.end()) {
      decoding.diagnostics.error(value.at, fmt::format("the value `{}` is there twice", value.text), value.text,
                                 "keep one");
    }
    parameter.values.push_back(std::move(value.text));
  }
  if (node->is_list() && node->items.empty())
    decoding.diagnostics.error(node->at, "`values` is empty", {}, "list at least one value");
}

void read_default(const YamlNode& node, Parameter& parameter, const Decoding& decoding) {
  const auto value = read_text(node, "`default`", decoding.diagnostics, {bounds::parameter_bytes, true});
  if (!value) return;
  if (parameter.type == Parameter::Type::choice && parameter.values.empty()) return;  // reported already
  const auto typed = typed_value(parameter, *value);
  if (typed) {
    parameter.initial = *typed;
    return;
  }
  decoding.diagnostics.error(node.at, fmt::format("the default {}", typed.error().message), *value, typed.error().hint);
}

Parameter read_parameter(const YamlEntry& entry, const Decoding& decoding) {
  Parameter parameter;
  parameter.name = entry.key;
  MapReader map(entry.value, fmt::format("the parameter `{}`", entry.key), decoding.diagnostics);
  if (const YamlNode* value = map.find("type")) {
    const auto type = read_choice(*value, "`type`", type_names, decoding.diagnostics);
    parameter.type = static_cast<Parameter::Type>(type.value_or(0));
    if (!type) return parameter;  // what else it says can't be judged
  }
  read_values(map, parameter, decoding);
  if (const YamlNode* value = map.find("default")) read_default(*value, parameter, decoding);
  if (const YamlNode* value = map.find("required")) {
    parameter.required = read_boolean(*value, "`required`", decoding.diagnostics).value_or(false);
    if (parameter.required && parameter.initial) {
      decoding.diagnostics.error(map.at("required"), "a parameter with a default is never missing", "required",
                                 "remove `required` or `default`");
    }
  }
  if (const YamlNode* value = map.find("description")) {
    parameter.description =
        read_text(*value, "`description`", decoding.diagnostics, {bounds::parameter_bytes, true}).value_or("");
  }
  map.foreign("options", "write `values`");
  map.finish();
  return parameter;
}
}  // namespace

std::vector<Parameter> decode_parameters(const YamlNode& node, Decoding& decoding) {
  std::vector<Parameter> parameters;
  if (!node.is_map() || node.entries.size() > bounds::parameters) {
    const auto message = node.is_map() ? fmt::format("`parameters` has {} entries; at most {} are allowed",
                                                     node.entries.size(), bounds::parameters)
                                       : std::string("`parameters` must be a map from names to parameters");
    decoding.diagnostics.error(node.at, message, {}, node.is_map() ? "" : "write `env: {type: string}`");
    return parameters;
  }
  for (const YamlEntry& entry : node.entries) {
    decoding.check(check_identifier(entry.key), entry.at, "the parameter", entry.key);
    Parameter parameter = read_parameter(entry, decoding);
    const bool boolean = parameter.type == Parameter::Type::boolean;
    decoding.scope.parameters[parameter.name] = {boolean ? Expression::Type::boolean : Expression::Type::text,
                                                 parameter.type == Parameter::Type::string};
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

}  // namespace slipway::pipelines
