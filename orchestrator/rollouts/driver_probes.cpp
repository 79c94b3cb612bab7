// What a rollout proves: requests to the routes of its hosts while it is in work.
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/driver.hpp"

namespace slipway::rollouts {

std::unique_ptr<Prober> Driver::make_prober() {
  const Application& application = assignment_.forward->application;
  std::vector<ProbeTarget> targets;
  for (const HostProgress& host : machine_.progress().hosts) {
    if (!assignment_.forward->is_for(host.host)) continue;
    for (const Service& service : application.services) {
      if (!service.route) continue;
      const Place place{assignment_.rollout.application, host.host};
      if (auto route = parts_.traffic.public_route(place, *service.route)) {
        targets.push_back({host.host, std::move(*route)});
      }
      break;
    }
  }
  Prober::Owner owner;
  owner.patience = ping_limit;
  owner.answers = [this](std::string host) { return host_answers(std::move(host)); };
  owner.dropped = [this, strict = application.policy.probe.fail_on_drop, told = false](const std::string& why) mutable {
    if (strict && !std::exchange(told, true)) raise("a probe was dropped: " + why);
  };
  return std::make_unique<Prober>(parts_.executor, parts_.clock, application.policy.probe, std::move(targets),
                                  assignment_.probes, std::move(owner));
}

awaitable<bool> Driver::host_answers(std::string host) {
  auto answers = co_await ping(std::move(host));
  co_return answers.has_value();
}

/// What was sent while the host's requests went over to the new containers may hang there: a rollout that must drop
/// none waits for it before it takes the next host, or ends.
awaitable<void> Driver::settle_probes(Action action) {
  const bool whole = after(action.stage, machine_.pace().order) == HostStage::committed;
  const bool strict = assignment_.forward->application.policy.probe.fail_on_drop;
  if (strict && whole && action.heading == Heading::forward) co_await prober_->settle(action.host);
}

/// One that dropped requests says so in its reason, however well it ended.
void Driver::note_probes(store::RolloutProgress& row, Json& progress) const {
  const ProbeLog& log = prober_->log();
  if (log.stages().empty()) return;
  progress["probes"] = log.json();
  if (!row.ended || log.failures() == 0) return;
  row.reason += (row.reason.empty() ? "" : "; ") + std::to_string(log.failures()) + " of " +
                std::to_string(log.requests()) + " probes were dropped, first " + log.first_failure();
}

}  // namespace slipway::rollouts
