#include "orchestrator/rollouts/hands.hpp"

#include <algorithm>

#include "orchestrator/rollouts/journal.hpp"
#include "orchestrator/rollouts/stages.hpp"
#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/rollouts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t leases_searched = 50;  // rollouts among which the last that changed something is found

/// 0 if there is none. One that ended as others had taken over has nothing to say.
Result<std::int64_t> last_lease_of_people(store::Transaction& tx, const std::string& application) {
  const auto asked_for = store::Rollouts(tx).asked_for(application, leases_searched);
  if (!asked_for) return fail(asked_for.error());
  const auto last = std::find_if(asked_for->begin(), asked_for->end(), [](const store::Rollout& one) {
    return one.fence != 0 && one.state != name_of(Stage::failed) && has_begun(one);
  });
  return last == asked_for->end() ? 0 : last->fence;
}

}  // namespace

Result<void> check_hands(store::Transaction& tx, const std::string& application, const std::vector<HostMark>& marks,
                         std::int64_t lease) {
  const auto owner = store::Applications(tx).get(application);
  if (!owner) return fail(owner.error());
  const auto last = last_lease_of_people(tx, application);
  if (!last) return fail(last.error());
  const std::int64_t known = std::max(lease, *last);
  for (const HostMark& mark : marks) {
    if (mark.fence == 0 || mark.fence < known) continue;
    const auto holder = store::Rollouts(tx).holder_of(application, mark.fence);
    if (!holder) return fail(holder.error());
    const bool anothers = mark.fence > owner->fence || (!holder->empty() && *holder != mark.holder);
    if (anothers) return fail(in_other_hands(application, mark.fence, owner->fence));
  }
  return {};
}

}  // namespace slipway::rollouts
