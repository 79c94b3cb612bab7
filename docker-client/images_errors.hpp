#pragma once
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "base/error.hpp"
#include "base/json.hpp"

namespace slipway::docker {

/// The error in a value of a pull's, push's or build's answer, empty if it holds none. From API 1.48 on there is only
/// `errorDetail.message`; before, `error` says the same.
std::string error_in(const Json& value);

/// What the Engine says when a registry refuses or can't be reached, as an Error. The Engine passes the registry's
/// words on in its own, with statuses that don't tell these apart, so the text decides. None of them: Kind::failed.
Error registry_error(std::string message);

/// An error of the transport, made exact the same way where its kind is the catch-all of a status 500.
Error registry_error(Error error);

}  // namespace slipway::docker
