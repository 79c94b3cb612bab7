#pragma once
#include <string>

#include "base/result.hpp"

namespace slipway::cli {

/// All of standard input, at most 1 MiB. A terminal is refused with `hint`: nothing here prompts.
Result<std::string> read_standard_input(const std::string& hint);

/// Without line breaks at its end: how a token or password is usually piped in.
std::string without_line_end(std::string text);

}  // namespace slipway::cli
