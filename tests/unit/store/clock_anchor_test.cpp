#include "orchestrator/store/clock_anchor.hpp"

#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

TEST_CASE("the anchor of a clock is agreed on once for each start of the machine") {
  TemporaryStore s;
  const auto agree = [&](const char* boot, int fresh) {
    return s.write(&ClockAnchor::agree, std::string(boot), Milliseconds(fresh)).value().count();
  };
  CHECK(agree("first", 1000) == 1000);
  CHECK(agree("first", 2000) == 1000);
  s.reopen();
  CHECK(agree("first", 3000) == 1000);
  CHECK(agree("second", 4000) == 4000);
  CHECK(agree("second", 5000) == 4000);
  CHECK(agree("", 6000) == 6000);
  CHECK(agree("second", 7000) == 4000);
}
