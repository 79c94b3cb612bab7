#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/expression.hpp"

namespace slipway::pipelines {

/// What an expression can ask about the event, whatever the file says.
struct Property {
  std::string_view name;
  bool free_text;  ///< somebody outside may have chosen the text
  Expression::Type type;
  std::string (*read)(const Context& context);
};
const Property* find_property(std::string_view name);
std::vector<std::string_view> property_names();

/// The environment variable in which every step finds a property: SLIPWAY_COMMIT_SHA for commit.sha.
std::string variable_name(std::string_view property);

struct Function {
  std::string_view name;
  std::size_t operands;
  Expression::Type type;
  bool status;  ///< for `if` alone
};
const Function* find_function(std::string_view name);
std::vector<std::string_view> function_names(bool with_status);

/// Lower case, everything but letters and digits a single `-`, none at the ends, at most 63 characters: fit for a tag,
/// a host name or a shell word whatever comes in.
std::string slug(std::string_view text);

/// The first seven digits of a commit.
std::string short_sha(std::string_view sha);

}  // namespace slipway::pipelines
