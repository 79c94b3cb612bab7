#pragma once
#include <string>

#include "base/result.hpp"

namespace slipway::daemon {

/// Says `state` ("READY=1", "STOPPING=1") to the service manager, if one has started this process and wants to be told:
/// as sd_notify(3) does, a datagram to the Unix socket that NOTIFY_SOCKET names. Waits two seconds at most.
Result<void> tell_service_manager(const std::string& state);

}  // namespace slipway::daemon
