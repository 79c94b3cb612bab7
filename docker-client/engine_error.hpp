#pragma once
#include <string_view>

#include "base/error.hpp"

namespace slipway::docker {

/// What an answer of status 400 or more means, with the Engine's own words: of {"message": …}, or the plain text.
Error engine_error(int status, std::string_view body);

}  // namespace slipway::docker
