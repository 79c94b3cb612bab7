#pragma once
#include <vector>

#include "base/clock.hpp"
#include "orchestrator/store/rollouts.hpp"

namespace slipway::rollouts {

/// From when on an application may be healed again: what breaks anew after each healing, or can't be healed, must not
/// make an endless series of rollouts. The pause doubles with each healing that only another healing came after, from
/// `interval` up to an hour; six hours later none of them counts. `rollouts` are newest first.
Time may_heal_from(const std::vector<store::Rollout>& rollouts, Milliseconds interval, Time now);

}  // namespace slipway::rollouts
