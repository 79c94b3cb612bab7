#pragma once
#include "orchestrator/http/message.hpp"
#include "orchestrator/triggers/receiver.hpp"

namespace slipway::http {

/// What a sender, or who replays a delivery, is told: 202 if a run was queued, else 200.
Response hook_answer(const triggers::Outcome& outcome);

}  // namespace slipway::http
