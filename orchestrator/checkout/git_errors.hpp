#pragma once
#include <string>

#include "base/error.hpp"
#include "base/process.hpp"

namespace slipway::checkout {

/// What git meant that ended with something else than 0: git's own words, a kind where these are clear, and how to
/// mend it where that is known. `verb` is the git command.
Error git_error(const ProcessOutcome& outcome, const std::string& verb);

}  // namespace slipway::checkout
