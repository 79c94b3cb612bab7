#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipelines/pipeline.hpp"

namespace slipway::pipelines {

/// The value a parameter takes for a text: as it is, without leading zeros of a number … Kind::invalid if it does not
/// fit the type; the message is a predicate ("`x` is not one of its values").
Result<std::string> typed_value(const Parameter& parameter, std::string_view text);

/// What every declared parameter is, given what a person gave. Kind::invalid on an unknown name, a value that does not
/// fit, and a required one that is missing. Without a default a bool is false, an int 0, an enum its first value.
Result<std::map<std::string, std::string>> parameter_values(const std::vector<Parameter>& parameters,
                                                            const std::map<std::string, std::string>& given);

}  // namespace slipway::pipelines
