#include "orchestrator/rollouts/plan.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <set>

#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds engine_default_grace{10'000};
constexpr Milliseconds margin{30'000};

/// A host serves if every service of the promoted generation runs there and none says it is unhealthy.
Health health_of_host(const HostView& host, const std::vector<Wanted>& previous) {
  if (!host.reachable) return Health::unknown;
  if (previous.empty()) return Health::unhealthy;
  for (const Wanted& wanted : previous) {
    const bool served = std::any_of(host.containers.begin(), host.containers.end(), [&](const Shown& one) {
      return one.service == wanted.service && one.running && one.health != Health::unhealthy;
    });
    if (!served) return Health::unhealthy;
  }
  return Health::healthy;
}

PlannedHost planned_host(const HostView& view, const PlanInput& input, const Difference& difference) {
  PlannedHost host;
  host.host = view.host;
  host.reachable = view.reachable;
  host.health = health_of_host(view, input.previous);
  for (const Wanted& one : difference.missing) host.create.push_back(one.name);
  for (const Shown& one : difference.asleep) host.start.push_back(one.name);
  for (const Shown& one : difference.right) host.keep.push_back(one.name);
  for (const Shown& one : difference.surplus) host.stop.push_back(one.name);
  return host;
}

std::set<std::uint16_t> fixed_ports(const Service& service) {
  std::set<std::uint16_t> ports;
  for (const PortMapping& port : service.ports) {
    std::uint16_t number = 0;
    const char* end = port.published.data() + port.published.size();
    const auto [rest, bad] = std::from_chars(port.published.data(), end, number);
    if (bad == std::errc() && rest == end && number != 0) ports.insert(number);
  }
  return ports;
}

const Service* service_of(const Application& application, const std::string& name) {
  const auto found = std::find_if(application.services.begin(), application.services.end(),
                                  [&](const Service& one) { return one.name == name; });
  return found == application.services.end() ? nullptr : &*found;
}

/// Why the new container of `service` can't run beside an old one; empty if it can.
std::string must_stop_first(const Service& service, const Difference& difference) {
  for (const std::uint16_t port : fixed_ports(service)) {
    for (const Shown& old : difference.surplus) {
      if (std::find(old.host_ports.begin(), old.host_ports.end(), port) != old.host_ports.end()) {
        return "the host's port " + std::to_string(port) + " is taken by the old container";
      }
    }
  }
  const bool replaced = std::any_of(difference.surplus.begin(), difference.surplus.end(),
                                    [&](const Shown& old) { return old.service == service.name; });
  if (!replaced || service.replicas > 1) return {};
  for (const VolumeMount& mount : service.volumes) {
    if (mount.kind == VolumeMount::Kind::volume && !mount.source.empty() && !mount.read_only) {
      return "the volume '" + mount.source + "' is written to by one container at a time";
    }
  }
  return {};
}

/// The order, and a note for each reason that forces it.
Order order_of(const PlanInput& input, const std::vector<Difference>& differences, std::vector<std::string>& notes) {
  std::set<std::string> reasons;
  for (const Difference& difference : differences) {
    std::set<std::string> changed;
    for (const Wanted& one : difference.missing) changed.insert(one.service);
    for (const Shown& one : difference.asleep) changed.insert(one.service);
    for (const std::string& name : changed) {
      const Service* service = service_of(input.application, name);
      if (service == nullptr) continue;
      const std::string why = must_stop_first(*service, difference);
      if (!why.empty()) reasons.insert("service '" + name + "' stops before it starts, since " + why);
    }
  }
  if (reasons.empty()) return input.application.policy.order.value_or(Order::start_first);
  for (const std::string& reason : reasons) {
    notes.push_back(reason + "; requests to that host fail in between unless something routes around it");
  }
  return Order::stop_first;
}

Milliseconds longest_grace(const Application& application) {
  Milliseconds longest = engine_default_grace;
  for (const Service& service : application.services) {
    longest = std::max(longest, service.stop_grace_period.value_or(engine_default_grace));
  }
  return longest;
}

Pace pace_of(const PlanInput& input, Order order, std::vector<std::string>& notes) {
  const Policy& policy = input.application.policy;
  const std::size_t count = input.hosts.size();
  Pace pace;
  pace.order = order;
  pace.has_previous = !input.previous.empty();
  pace.batch_size = input.rollback ? count : batch_of(policy.batch.value_or(Share{1, false}), count);
  pace.min_healthy = min_healthy_of(policy.min_healthy.value_or(Share{count / 2, false}), count);
  if (order == Order::stop_first && pace.min_healthy >= count) {
    pace.min_healthy = count - 1;
    notes.push_back("min_healthy is lowered to " + std::to_string(count - 1) + " of " + std::to_string(count) +
                    " hosts, since one host at a time has to stop before it starts");
  }
  pace.max_failure_ratio = policy.max_failure_ratio;
  pace.on_failure = policy.on_failure;
  pace.may_roll_back = !input.rollback;
  pace.delay = input.rollback ? Milliseconds(0) : policy.delay;
  pace.monitor = input.rollback ? Milliseconds(0) : policy.monitor;
  pace.health_deadline = policy.health_deadline;
  const DrainTime drain = drain_time(input.application);
  pace.stop_deadline = longest_grace(input.application) + std::max(drain.requests, drain.tunnels) + margin;
  return pace;
}

/// Runs the machine on a course without trouble.
std::vector<std::vector<std::string>> preview(const Pace& pace, const Progress& first) {
  Pace calm = pace;
  calm.delay = calm.monitor = Milliseconds(0);
  Machine machine(calm, first);
  const Time now{};
  std::deque<Action> open;
  for (const Action& action : machine.on(event::Begun{}, now)) open.push_back(action);
  while (!open.empty()) {
    const Action action = open.front();
    open.pop_front();
    if (action.kind != Action::Kind::reach) continue;
    for (const Action& next : machine.on(event::Reached{action.host, action.stage}, now)) open.push_back(next);
  }
  std::vector<std::vector<std::string>> batches(machine.progress().batch);
  for (const HostProgress& host : machine.progress().hosts) {
    if (host.batch != 0) batches[host.batch - 1].push_back(host.host);
  }
  return batches;
}

int rank(const PlannedHost& host) {
  if (!host.reachable) return 2;
  return host.health == Health::healthy ? 1 : 0;
}

}  // namespace

std::size_t batch_of(Share share, std::size_t hosts) {
  if (share.percent) return std::clamp<std::size_t>(hosts * share.number / 100, 1, hosts);
  return share.number == 0 ? hosts : std::min(share.number, hosts);
}

std::size_t min_healthy_of(Share share, std::size_t hosts) {
  if (share.percent) return std::min((hosts * share.number + 99) / 100, hosts);
  return std::min(share.number, hosts);
}

Progress first_progress(const Plan& plan) {
  Progress progress;
  for (const PlannedHost& host : plan.hosts) {
    HostProgress one;
    one.host = host.host;
    one.health = host.health;
    one.lost = !host.reachable;
    if (one.lost) one.reason = "did not answer when the rollout was planned";
    progress.hosts.push_back(std::move(one));
  }
  return progress;
}

Result<Plan> make_plan(const PlanInput& input) {
  if (input.hosts.empty()) return fail(Error::Kind::invalid, "there is no host to roll out to");
  Plan plan;
  std::vector<Difference> differences;
  for (const HostView& view : input.hosts) {
    differences.push_back(difference(input.wanted, view.containers));
    if (!differences.back().clashes.empty()) {
      return fail(Error::Kind::conflict,
                  "host " + view.host + ": container " + differences.back().clashes.front() +
                      " is there already with another specification",
                  "remove or rename it; slipway does not touch what it did not create for this generation");
    }
    plan.hosts.push_back(planned_host(view, input, differences.back()));
    if (!view.reachable) {
      plan.notes.push_back("host " + view.host +
                           " does not answer: it counts as not serving and is brought up to date when it does");
      differences.pop_back();
    }
  }
  std::stable_sort(plan.hosts.begin(), plan.hosts.end(),
                   [](const PlannedHost& a, const PlannedHost& b) { return rank(a) < rank(b); });
  plan.pace = pace_of(input, order_of(input, differences, plan.notes), plan.notes);
  plan.batches = preview(plan.pace, first_progress(plan));
  if (plan.batches.empty()) plan.notes.push_back("the rollout waits until enough hosts answer to keep min_healthy");
  return plan;
}

}  // namespace slipway::rollouts
