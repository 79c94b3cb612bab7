#include "orchestrator/store/retention.hpp"

#include "orchestrator/store/deliveries.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/outbox.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

TEST_CASE("tidying goes on until nothing is too much, however much there was") {
  TemporaryStore s;
  const auto fill = [](Transaction& tx) -> Result<void> {
    for (int i = 0; i < 5000; ++i) {
      if (auto told = Events(tx).append(Event("engine.lost", kNoon)); !told) return fail(told.error());
    }
    Delivery delivery;
    delivery.decision = Decision::refused;
    for (int i = 0; i < 1200; ++i) {
      if (auto filed = Deliveries(tx).record(delivery, {}); !filed) return fail(filed.error());
    }
    return {};
  };
  REQUIRE(s.write(fill));
  const auto message = s.write(&Outbox::put, "mail", "x", "{}", kNoon).value();
  REQUIRE(s.write(&Outbox::sent, message));

  Retention keep;
  keep.events = 10;
  keep.refused_deliveries = 20;
  REQUIRE(run_async(tidy(*s.store, kNoon + std::chrono::days(8), keep)));
  const auto events = s.read(&Events::list, EventFilter()).value();
  CHECK(events.items.size() == 10);
  CHECK(events.items.back().seq == 5000);
  DeliveryFilter all;
  all.limit = 200;
  CHECK(s.read(&Deliveries::list, all)->items.size() == 20);
  CHECK(s.write(&Outbox::prune, kNoon + std::chrono::days(8)).value() == 0);
}
