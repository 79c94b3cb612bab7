#pragma once
#include "base/result.hpp"
#include "orchestrator/daemon/settings.hpp"

namespace slipway::daemon {

/// Runs the daemon until SIGTERM or SIGINT. Steps that run then go on in their containers, to be adopted at the next
/// start. Fails if it can't start: the data folder is in use, the address is taken.
Result<void> serve(const Settings& settings);

}  // namespace slipway::daemon
