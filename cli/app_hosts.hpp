#pragma once
#include "cli/session.hpp"

namespace slipway::cli {

/// An application's status as the API gives it: what it should run and, host by host, what it does.
Result<void> print_app_status(const Json& app, const OutputOptions& output);
/// Whether a host is not as it should be because somebody changed it.
bool has_drift(const Json& app);

}  // namespace slipway::cli
