#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace slipway::cli {

/// What words "NAME=VALUE" assign, later ones winning. Kind::invalid names the word that is none, with `example` as
/// the hint.
Result<std::map<std::string, std::string>> assignments(const std::vector<std::string>& words,
                                                       const std::string& example);

}  // namespace slipway::cli
