#pragma once
#include <string>

#include "base/result.hpp"

namespace slipway::cli {

/// Runs a jq program over one JSON text, as `gh --jq` does: strings come out raw, everything else as compact JSON, a
/// line each. A program that does not compile or that fails is Kind::invalid.
Result<std::string> run_jq(const std::string& program, const std::string& json);

}  // namespace slipway::cli
