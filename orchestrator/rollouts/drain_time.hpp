#pragma once
#include <algorithm>

#include "base/clock.hpp"
#include "orchestrator/rollouts/compose/service.hpp"

namespace slipway::rollouts {

/// How long old containers may take to finish what they have.
struct DrainTime {
  Milliseconds requests{0};
  Milliseconds tunnels{0};  ///< WebSockets and other upgraded connections
  friend bool operator==(const DrainTime&, const DrainTime&) = default;
};

/// As the route's `drain` and `websocket_drain` have it.
inline DrainTime drain_time(const Route& route) {
  return {route.drain, route.websocket_drain};
}

inline DrainTime longer(const DrainTime& one, const DrainTime& other) {
  return {std::max(one.requests, other.requests), std::max(one.tunnels, other.tunnels)};
}

}  // namespace slipway::rollouts
