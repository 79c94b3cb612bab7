#include "orchestrator/rollouts/heal_pause.hpp"

#include <algorithm>

namespace slipway::rollouts {
namespace {

constexpr Milliseconds longest{std::chrono::hours(1)};
constexpr Milliseconds forgotten{std::chrono::hours(6)};

}  // namespace

Time may_heal_from(const std::vector<store::Rollout>& rollouts, Milliseconds interval, Time now) {
  Milliseconds pause = interval;
  Time from = now;
  bool newest = true;
  for (const store::Rollout& rollout : rollouts) {
    if (rollout.kind == "catch_up") continue;
    if (rollout.kind != "heal" || rollout.created + forgotten < now) break;
    if (newest) from = rollout.finished.value_or(now);
    newest = false;
    pause = std::min(pause * 2, std::max(longest, interval));
  }
  return newest ? now : from + pause;
}

}  // namespace slipway::rollouts
