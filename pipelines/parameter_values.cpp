#include "pipelines/parameter_values.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "pipelines/decoding.hpp"
#include "pipelines/diagnostic.hpp"

namespace slipway::pipelines {
namespace {

std::string initial_value(const Parameter& parameter) {
  if (parameter.initial) return *parameter.initial;
  switch (parameter.type) {
    case Parameter::Type::string:
      return "";
    case Parameter::Type::integer:
      return "0";
    case Parameter::Type::boolean:
      return "false";
    case Parameter::Type::choice:
      return parameter.values.empty() ? "" : parameter.values.front();
  }
  return {};
}

auto refuse_value(std::string message, std::string hint = {}) {
  return fail(Error::Kind::invalid, std::move(message), std::move(hint));
}
}  // namespace

Result<std::string> typed_value(const Parameter& parameter, std::string_view text) {
  if (text.size() > bounds::parameter_bytes)
    return refuse_value(fmt::format("is longer than {} bytes", bounds::parameter_bytes));
  if (parameter.type == Parameter::Type::integer) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    if (!whole) return refuse_value(fmt::format("`{}` is not a whole number", text));
    return std::to_string(number);
  }
  if (parameter.type == Parameter::Type::boolean && text != "true" && text != "false") {
    return refuse_value(fmt::format("`{}` is neither true nor false", text), "write `true` or `false`");
  }
  if (parameter.type == Parameter::Type::choice &&
      std::find(parameter.values.begin(), parameter.values.end(), text) == parameter.values.end()) {
    const std::vector<std::string_view> values(parameter.values.begin(), parameter.values.end());
    return refuse_value(fmt::format("`{}` is not one of its values", text), suggest(text, values));
  }
  return std::string(text);
}

Result<std::map<std::string, std::string>> parameter_values(const std::vector<Parameter>& parameters,
                                                            const std::map<std::string, std::string>& given) {
  std::map<std::string, std::string> values;
  for (const Parameter& parameter : parameters) {
    const auto found = given.find(parameter.name);
    if (found == given.end()) {
      if (parameter.required) {
        return refuse_value(fmt::format("the parameter `{}` is missing", parameter.name),
                            "it is required and has no default");
      }
      values[parameter.name] = initial_value(parameter);
      continue;
    }
    auto value = typed_value(parameter, found->second);
    if (!value) return fail(value.error().in(fmt::format("parameter {}", parameter.name)));
    values[parameter.name] = std::move(*value);
  }
  for (const auto& [name, value] : given) {
    if (values.contains(name)) continue;
    std::vector<std::string_view> known;
    for (const Parameter& parameter : parameters) known.push_back(parameter.name);
    return refuse_value(fmt::format("the file has no parameter `{}`", name), suggest(name, known));
  }
  return values;
}

}  // namespace slipway::pipelines
