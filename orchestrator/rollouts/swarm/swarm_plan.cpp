#include "orchestrator/rollouts/swarm/swarm_plan.hpp"

#include <algorithm>

#include "orchestrator/rollouts/swarm/swarm_spec.hpp"

namespace slipway::rollouts::swarm {
namespace {

constexpr Milliseconds engines_grace{10'000};
constexpr Milliseconds engines_monitor{5'000};
constexpr Milliseconds longest{24 * 3'600'000};

Milliseconds time_of(const Service& service, Milliseconds health_deadline, std::size_t nodes) {
  const SwarmUpdate& update = service.swarm->update;
  const auto tasks =
      static_cast<std::int64_t>(service.swarm->global ? std::max<std::size_t>(nodes, 1) : service.replicas);
  const std::int64_t at_once = update.parallelism == 0 ? tasks : update.parallelism;
  const std::int64_t batches = (tasks + at_once - 1) / at_once;
  const Milliseconds batch = health_deadline + update.delay + update.monitor.value_or(engines_monitor) +
                             service.stop_grace_period.value_or(engines_grace);
  return std::min(batch * batches, longest);
}

const ServiceView* find(const std::vector<ServiceView>& services, const std::string& name) {
  const auto found =
      std::find_if(services.begin(), services.end(), [&](const ServiceView& one) { return one.service.name == name; });
  return found == services.end() ? nullptr : &*found;
}

PlannedHost planned(const SwarmPlanInput& input) {
  PlannedHost host;
  host.host = input.swarm;
  host.reachable = input.reachable;
  host.health = input.reachable ? Health::healthy : Health::unknown;
  for (const Wanted& wanted : input.wanted) {
    const ServiceView* there = find(input.services, wanted.name);
    if (there == nullptr) host.create.push_back(wanted.name);
    if (there == nullptr) continue;
    auto& list = is_as_asked(there->service.labels, wanted) ? host.keep : host.start;
    list.push_back(wanted.name);
  }
  for (const ServiceView& view : input.services) {
    const bool wanted = std::any_of(input.wanted.begin(), input.wanted.end(),
                                    [&](const Wanted& one) { return one.name == view.service.name; });
    if (!wanted) host.stop.push_back(view.service.name);
  }
  return host;
}

std::vector<std::string> notes_on(const SwarmPlanInput& input) {
  std::vector<std::string> notes;
  for (const Service& service : input.application.services) {
    const SwarmUpdate& update = service.swarm->update;
    if (update.order || order_of(service) == Order::start_first) continue;
    notes.push_back(
        "service '" + service.name +
        "' stops before it starts, since two of its tasks can't share a port of the node or a volume that is "
        "written to");
  }
  if (!input.reachable) notes.push_back("the rollout waits until a manager of swarm " + input.swarm + " answers");
  return notes;
}

}  // namespace

Milliseconds time_to_settle(const Application& application, std::size_t nodes) {
  Milliseconds sum{0};
  Milliseconds most{0};
  bool in_order = false;
  for (const Service& service : application.services) {
    const Milliseconds time = time_of(service, application.policy.health_deadline, nodes);
    sum += time;
    most = std::max(most, time);
    in_order = in_order || std::any_of(service.depends_on.begin(), service.depends_on.end(), [](const Dependency& on) {
                 return on.condition == Dependency::Condition::healthy;
               });
  }
  return std::min(in_order ? sum : most, longest);
}

Plan make_swarm_plan(const SwarmPlanInput& input) {
  Plan plan;
  const Policy& policy = input.application.policy;
  const auto& services = input.application.services;
  plan.pace.has_previous = input.has_previous;
  plan.pace.may_roll_back = !input.rollback;
  plan.pace.on_alarm = policy.on_alarm;
  plan.pace.health_deadline = time_to_settle(input.application, input.nodes);
  if (!input.rollback) plan.pace.deadline = policy.deadline;
  // Who wants an update to be left where it failed does not want it taken back.
  const bool pauses = std::any_of(services.begin(), services.end(), [](const Service& service) {
    return service.swarm->update.on_failure == FailureAction::pause;
  });
  plan.pace.scope = pauses ? BackScope::none : policy.scope;
  plan.hosts.push_back(planned(input));
  plan.batches = {{input.swarm}};
  plan.notes = notes_on(input);
  return plan;
}

}  // namespace slipway::rollouts::swarm
