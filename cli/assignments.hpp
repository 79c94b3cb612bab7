#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/result.hpp"

namespace slipway::cli {

/// Words "NAME=VALUE" as a JSON object; later ones win. Kind::invalid names the word that is none, with `example` as
/// the hint.
Result<nlohmann::json> assignments(const std::vector<std::string>& words, const std::string& example);

}  // namespace slipway::cli
