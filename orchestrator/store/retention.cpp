#include "orchestrator/store/retention.hpp"

#include "base/log.hpp"
#include "orchestrator/store/deliveries.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/outbox.hpp"

namespace slipway::store {

namespace {

constexpr auto kEvery = std::chrono::minutes(10);

/// One bounded step of everything; how many rows it changed.
Result<std::int64_t> step(Transaction& tx, Time now, const Retention& keep) {
  const std::array done{Events(tx).prune(keep.events), Deliveries(tx).prune(keep.deliveries, keep.refused_deliveries),
                        Deliveries(tx).drop_bodies(keep.bodies), Outbox(tx).prune(now - keep.messages)};
  std::int64_t changed = 0;
  for (const auto& each : done) {
    if (!each) return fail(each.error());
    changed += *each;
  }
  return changed;
}

}  // namespace

awaitable<Result<void>> tidy(Store& store, Time now, Retention keep) {
  for (;;) {
    auto work = [now, keep](Transaction& tx) { return step(tx, now, keep); };
    const auto changed = co_await store.write(std::move(work));
    if (!changed) co_return fail(changed.error().in("tidy the store"));
    if (*changed == 0) co_return Result<void>();
  }
}

awaitable<void> keep_tidy(Store& store, const Clock& clock, Retention keep) {
  for (;;) {
    const auto done = co_await tidy(store, clock.now(), keep);
    if (!done) log::warn("store not tidied", {{"reason", done.error()}});
    co_await sleep_for(kEvery);
  }
}

}  // namespace slipway::store
