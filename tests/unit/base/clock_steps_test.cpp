#include <catch2/catch.hpp>

#include "base/clock.hpp"

using namespace slipway;
using namespace std::chrono_literals;

TEST_CASE("the clock of deadlines begins as the wall clock, and with an anchor is the one that had it") {
  const DeadlineClock first;
  const Milliseconds apart = first.now() - SystemClock().now();
  CHECK(std::chrono::abs(apart) < 100ms);
  DeadlineClock second;
  second.set_anchor(first.anchor() - 1h);
  const Milliseconds behind = first.now() - second.now();
  CHECK(std::chrono::abs(behind - 1h) < 100ms);
  second.set_anchor(first.anchor());
  CHECK(second.now() >= first.now());
}

TEST_CASE("the machine's start has an id") {
  CHECK(boot_id().size() == 36);
  CHECK(boot_id() == boot_id());
}
