#pragma once
#include <string>
#include <string_view>

#include "pipelines/diagnostic.hpp"

namespace slipway::pipelines {

struct LintReport {
  Diagnostics diagnostics;
  std::string summary;  ///< "slipway.yml: 2 errors, 1 warning", or "slipway.yml is valid: 3 jobs, 1 image"
  [[nodiscard]] bool valid() const { return !diagnostics.has_errors(); }
};

/// What is wrong with a file: what `slipway lint` shows (with `render`) and what a run fails with.
LintReport lint(std::string_view text, std::string file = "slipway.yml");

}  // namespace slipway::pipelines
