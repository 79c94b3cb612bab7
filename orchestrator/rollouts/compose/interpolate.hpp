#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::rollouts {

using Variables = std::map<std::string, std::string, std::less<>>;

/// Compose's substitution: $VAR, ${VAR}, ${VAR:-default}, ${VAR-default}, ${VAR:?message}, ${VAR?message},
/// ${VAR:+other}, ${VAR+other}, and $$ for a dollar sign. Defaults may hold further variables, nested at most 16 deep.
/// A variable that is not set and has no default is Kind::invalid, where Compose would warn and put nothing.
Result<std::string> interpolate(std::string_view text, const Variables& variables);

}  // namespace slipway::rollouts
