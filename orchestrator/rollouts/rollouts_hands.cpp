// Two daemons with one application: who asks for something has it done, and neither takes it from the other by itself.
#include <algorithm>

#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/hands.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/store/applications.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds lease_limit{2'000};  // one that does not answer now is asked again before anything is done there

awaitable<void> mark_into(HostDirectory* hosts, std::string host, std::string application, HostMark* into) {
  auto engine = hosts->engine(host);
  if (!engine) co_return;
  auto look = newest_mark(*engine, application);
  auto seen = co_await with_deadline(lease_limit, std::move(look), "look at host " + host);
  if (seen) *into = *seen;
}

/// `hosts`, and those of the promoted generation.
Result<std::vector<std::string>> all_hosts(store::Transaction& tx, const std::string& application,
                                           std::vector<std::string> hosts) {
  const store::Applications applications(tx);
  const auto owner = applications.get(application);
  if (!owner) return fail(owner.error());
  if (owner->promoted == 0) return hosts;
  const auto row = applications.generation(application, owner->promoted);
  if (!row) return fail(row.error());
  const auto spec = from_row(*row);
  if (!spec) return fail(spec.error());
  for (const std::string& host : spec->hosts) {
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
  }
  return hosts;
}

}  // namespace

awaitable<Result<std::vector<HostMark>>> Rollouts::marks_on(std::string application, std::vector<std::string> hosts) {
  auto find = [application, hosts](store::Transaction& tx) { return all_hosts(tx, application, hosts); };
  auto all = co_await parts_.store.read(std::move(find));
  if (!all) co_return fail(all.error());
  std::vector<HostMark> marks(all->size());
  std::vector<awaitable<void>> looks;
  looks.reserve(all->size());
  for (std::size_t i = 0; i < all->size(); ++i) {
    looks.push_back(mark_into(&parts_.hosts, (*all)[i], application, &marks[i]));
  }
  co_await run_all("look for leases", std::move(looks));
  co_return marks;
}

/// A daemon that was put in place of another one, from a backup or by adoption, may count from further below.
awaitable<Result<std::int64_t>> Rollouts::fence_of_others(store::Rollout rollout) {
  auto marks = co_await marks_on(rollout.application, hosts_of(rollout));
  if (!marks) co_return fail(marks.error());
  std::int64_t newest = 0;
  for (const HostMark& mark : *marks) newest = std::max(newest, mark.fence);
  co_return newest;
}

awaitable<Result<void>> Rollouts::still_ours(std::string application, std::vector<std::string> hosts,
                                             std::int64_t lease) {
  auto marks = co_await marks_on(application, std::move(hosts));
  if (!marks) co_return fail(marks.error());
  auto check = [application, marks = *marks, lease](store::Transaction& tx) {
    return check_hands(tx, application, marks, lease);
  };
  co_return co_await parts_.store.read(std::move(check));
}

}  // namespace slipway::rollouts
