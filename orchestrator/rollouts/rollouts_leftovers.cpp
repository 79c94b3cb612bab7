// After a rollout: what the generations before have left on its hosts is removed, while nobody waits for it.
#include "base/log.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/rollouts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::minutes removing_limit{10};  // a disk may be slow, and layers many

}  // namespace

awaitable<void> Rollouts::tidy_up(std::string application, std::vector<std::string> hosts) {
  auto needed = co_await needed_by(parts_, application);
  if (!needed) {
    log::warn("old images and networks are left on hosts", {{"application", application}, {"why", needed.error()}});
    co_return;
  }
  std::vector<awaitable<void>> work;
  work.reserve(hosts.size());
  for (const std::string& host : hosts) {
    Place place{application, host};
    work.push_back(tidy_host(std::move(place), *needed));
  }
  co_await run_all("leftovers of " + application, std::move(work));
}

/// The next rollout needs what it needs, and tidies up itself in the end. What goes wrong here is no harm: that one
/// finds it, too.
awaitable<void> Rollouts::tidy_host(Place place, StillNeeded needed) {
  if (parts_.hosts.find(place.host) == nullptr) co_return;  // a swarm looks after itself
  std::function<bool()> idle = [this, application = place.application] {
    return !stops_ && current(application) == nullptr;
  };
  auto work = remove_leftovers(parts_, place, std::move(needed), std::move(idle));
  auto removed = co_await with_deadline(removing_limit, std::move(work), "removing what is not needed any more");
  if (!removed) {
    log::warn("old images and networks are left on a host",
              {{"application", place.application}, {"host", place.host}, {"why", removed.error()}});
    co_return;
  }
  if (removed->images.empty() && removed->networks.empty()) co_return;
  log::info("old images and networks were removed from a host", {{"application", place.application},
                                                                 {"host", place.host},
                                                                 {"images", removed->images.size()},
                                                                 {"bytes", removed->bytes},
                                                                 {"networks", removed->networks.size()}});
}

}  // namespace slipway::rollouts
