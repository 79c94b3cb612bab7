#pragma once
#include <string>
#include <vector>

#include "base/result.hpp"

namespace slipway::runs {

/// The commands of a step as one script for `/bin/sh -c`: each is shown ("+ make test") and run, and the first that
/// fails ends the script with its exit code. All run in one shell, so `cd` and variables carry on to the next.
/// Over 100 KiB, or with a NUL, is Kind::invalid: the kernel takes no more in one argument.
Result<std::string> make_script(const std::vector<std::string>& commands);

}  // namespace slipway::runs
