#pragma once
#include "base/clock.hpp"

namespace slipway {

/// The wall clock, which somebody may set.
class SteppedClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override { return SystemClock().now() + step; }
  Milliseconds step{0};
};

}  // namespace slipway
