#pragma once
#include "docker-client/engine.hpp"
#include "orchestrator/logs/capture.hpp"

namespace slipway::runs {

/// Reads a container's log from its start to its end, once, into `capture`. With `follow` it ends with the container
/// (or with the engine: inspect decides), without it with what is there. Ends early when the log is over its limit.
/// A container that is gone is not_found. Borrows both for the time of the call.
awaitable<Result<void>> pump_log(docker::Containers& containers, std::string id, bool follow, logs::Capture& capture);

}  // namespace slipway::runs
