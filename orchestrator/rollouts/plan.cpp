#include "orchestrator/rollouts/plan.hpp"

#include <algorithm>
#include <charconv>
#include <deque>
#include <set>

#include "orchestrator/rollouts/service_spec.hpp"
#include "orchestrator/rollouts/traffic.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::rollouts {
namespace {

constexpr Milliseconds engine_default_grace{10'000};
constexpr Milliseconds margin{30'000};

/// A host serves if every service of the promoted generation runs there and none says it is unhealthy.
Health health_of_host(const HostView& host, const std::vector<Wanted>& previous) {
  if (!host.reachable) return Health::unknown;
  if (previous.empty()) return Health::unhealthy;
  for (const Wanted& wanted : previous) {
    if (wanted.completes) continue;
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
  host.leaves = view.leaves;
  host.gone = view.gone;
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

/// The host's ports that it has or, where it crashes again and again, will ask for once more: the Engine tells none of
/// such a container, so these are those of the file.
std::set<std::uint16_t> held_ports(const Shown& old, const Application& previous) {
  std::set<std::uint16_t> ports(old.host_ports.begin(), old.host_ports.end());
  const Service* service = previous.service(old.service);
  if (old.status == "restarting" && service != nullptr) ports.merge(fixed_ports(*service));
  return ports;
}

/// Whether the file itself has containers of `other` write to that volume.
bool writes_to(const Application& application, const std::string& other, const std::string& volume) {
  const Service* service = application.service(other);
  return service != nullptr && std::any_of(service->volumes.begin(), service->volumes.end(), [&](const auto& mount) {
           return mount.kind == VolumeMount::Kind::volume && !mount.read_only && !mount.source.empty() &&
                  volume_name(application, mount.source) == volume;
         });
}

/// A volume of a service of one replica that an old container may write to: of the same service, or of another one that
/// has been renamed or from which the volume has gone. Those that are to share it do so at any time. Empty if there is
/// none.
std::string one_writers_volume(const Application& application, const Service& service, const Difference& difference) {
  if (service.replicas > 1) return {};
  for (const VolumeMount& mount : service.volumes) {
    if (mount.kind != VolumeMount::Kind::volume || mount.source.empty() || mount.read_only) continue;
    const std::string name = volume_name(application, mount.source);
    for (const Shown& old : difference.surplus) {
      if (std::find(old.writes.begin(), old.writes.end(), name) == old.writes.end()) continue;
      if (old.service == service.name || !writes_to(application, old.service, name)) return mount.source;
    }
  }
  return {};
}

/// Why the new container of `service` can't run beside an old one; empty if it can.
std::string must_stop_first(const PlanInput& input, const Service& service, const Difference& difference) {
  const std::set<std::uint16_t> wanted = fixed_ports(service);
  for (const Shown& old : difference.surplus) {
    for (const std::uint16_t port : held_ports(old, input.previous_application)) {
      if (wanted.contains(port)) return "the host's port " + std::to_string(port) + " is taken by the old container";
    }
  }
  for (const Shown& old : difference.surplus) {
    if (old.service != service.name || old.anonymous.empty() || service.renew_volumes) continue;
    return "what it keeps in " + old.anonymous.front().target +
           ", a volume without a name, goes on to the new container (the service's x-slipway may say "
           "anonymous_volumes: "
           "renew, or the file give the volume a name)";
  }
  const std::string volume = one_writers_volume(input.application, service, difference);
  if (volume.empty()) return {};
  return "the volume '" + volume + "' is written to by one container at a time";
}

/// The order, and a note for each reason that forces it.
Order order_of(const PlanInput& input, const std::vector<Difference>& differences, std::vector<std::string>& notes) {
  std::set<std::string> reasons;
  for (const Difference& difference : differences) {
    std::set<std::string> changed;
    for (const Wanted& one : difference.missing) changed.insert(one.service);
    for (const Shown& one : difference.asleep) changed.insert(one.service);
    for (const std::string& name : changed) {
      const Service* service = input.application.service(name);
      if (service == nullptr) continue;
      const std::string why = must_stop_first(input, *service, difference);
      if (why.empty()) continue;
      std::string reason = "service '";
      reason.append(name).append("' stops before it starts, since ").append(why);
      reasons.insert(std::move(reason));
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

/// For what it takes longest to drain and to stop. Forward it is the promoted generation that is stopped, on the way
/// back the new one; on a host that did not answer for a while, one from before.
Milliseconds stop_deadline(const PlanInput& input) {
  std::vector<const Application*> all{&input.application};
  if (!input.previous_application.services.empty()) all.push_back(&input.previous_application);
  for (const Application& one : input.older) all.push_back(&one);
  Milliseconds grace{0};
  Milliseconds draining{0};
  for (const Application* one : all) {
    const DrainTime drain = drain_time(*one);
    grace = std::max(grace, longest_grace(*one));
    draining = std::max({draining, drain.requests, drain.tunnels});
  }
  return grace + draining + margin;
}

/// How many hosts the new generation is for.
std::size_t count_targets(const PlanInput& input) {
  return static_cast<std::size_t>(
      std::count_if(input.hosts.begin(), input.hosts.end(), [](const HostView& host) { return !host.leaves; }));
}

/// The number of hosts that must serve, so that a rollout can always progress; where the file asks for what can't be,
/// why.
Result<std::size_t> min_healthy(const PlanInput& input, Order order, std::vector<std::string>& notes) {
  const Policy& policy = input.application.policy;
  const std::size_t count = count_targets(input);
  const bool stops_first = order == Order::stop_first;
  const std::string of_all = " of " + std::to_string(count) + " hosts";
  if (!policy.min_healthy) {
    const bool all_at_once = policy.batch && !policy.batch->percent && policy.batch->number == 0;
    return stops_first && all_at_once ? 0 : count / 2;
  }
  const std::size_t wanted = min_healthy_of(*policy.min_healthy, count);
  const bool exact = !policy.min_healthy->percent && !input.rollback;
  if (exact && policy.min_healthy->number > count) {
    return fail(Error::Kind::invalid,
                "min_healthy is " + std::to_string(policy.min_healthy->number) + ", and there are " +
                    std::to_string(count) + " hosts",
                "write at most " + std::to_string(stops_first ? count - 1 : count) + ", or a share such as 50%");
  }
  if (!stops_first || wanted < count) return wanted;
  if (exact) {
    return fail(Error::Kind::invalid,
                "min_healthy is " + std::to_string(wanted) + of_all +
                    ", and each of them has to stop the old containers before it starts the new ones, so none could be "
                    "taken",
                "write at most " + std::to_string(count - 1) + ", or a share: it is rounded so that one host can go");
  }
  notes.push_back("min_healthy is lowered to " + std::to_string(count - 1) + of_all +
                  ", since one host at a time has to stop before it starts");
  return count - 1;
}

std::vector<Step> weight_steps(const Policy& policy) {
  std::vector<Step> steps;
  steps.reserve(policy.steps.size());
  for (const SpreadStep& from : policy.steps) {
    steps.push_back({0, static_cast<unsigned>(from.share.number), from.bake.value_or(policy.bake), from.wait});
  }
  return steps;
}

/// Blue-green, canary and linear.
Result<void> spread(const PlanInput& input, Pace& pace, std::vector<std::string>& notes) {
  const Policy& policy = input.application.policy;
  if (policy.strategy == Strategy::rolling) return {};
  const bool shares = !policy.steps.empty() && policy.steps.front().share.percent;
  const bool beside = pace.order == Order::start_first;
  pace.together = policy.strategy == Strategy::blue_green || (shares && input.weighs && beside);
  if (policy.strategy == Strategy::blue_green && !beside) {
    return fail(Error::Kind::invalid,
                "blue-green runs the old and the new containers side by side, and these can't: " +
                    (notes.empty() ? "order is stop-first" : notes.back()),
                "let the Engine choose the host's port and a proxy find it, or take another strategy");
  }
  if (!pace.together) {
    pace.steps = host_steps(policy, count_targets(input));
    if (pace.steps.empty()) notes.push_back("there are too few hosts for steps: all are taken at once");
    return {};
  }
  pace.batch_size = input.hosts.size();
  pace.bake = policy.bake;
  pace.ask_to_switch = policy.manual_switch;
  if (policy.strategy == Strategy::blue_green) return {};
  pace.bake = Milliseconds(0);
  pace.steps = weight_steps(policy);
  return {};
}

Result<Pace> pace_of(const PlanInput& input, Order order, std::vector<std::string>& notes) {
  const Policy& policy = input.application.policy;
  const std::size_t count = input.hosts.size();
  Pace pace;
  pace.order = order;
  pace.has_previous = !input.previous.empty();
  const Share batch = policy.batch.value_or(Share{1, false});
  pace.batch_size = input.rollback ? count : batch_of(batch, batch.percent ? count_targets(input) : count);
  pace.max_failure_ratio = policy.max_failure_ratio;
  pace.on_failure = policy.on_failure;
  pace.may_roll_back = !input.rollback;
  pace.on_alarm = policy.on_alarm;
  pace.scope = policy.scope;
  for (const auto& [point, hooks] : policy.hooks) {
    for (const Hook& hook : hooks) pace.hook_times[stage_of(point)] += hook.timeout + margin;
  }
  pace.migrates = input.migrate && policy.migrate;
  if (pace.migrates) {
    pace.contract = policy.migrate->contract;
    pace.migrate_deadline = policy.migrate->timeout + margin;
  }
  if (!input.rollback) pace.deadline = policy.deadline;
  pace.health_deadline = policy.health_deadline;
  pace.stop_deadline = stop_deadline(input);
  if (!input.rollback) {
    pace.delay = policy.delay;
    pace.monitor = policy.monitor;
    if (auto how = spread(input, pace, notes); !how) return fail(how.error());
  }
  const auto least = min_healthy(input, order, notes);
  if (!least) return fail(least.error());
  pace.min_healthy = *least;
  return pace;
}

/// Metrics tell late: without a time in which somebody looks at them, they tell nothing.
std::string note_on_metrics(const Policy& policy, const Pace& pace) {
  for (const MetricGate& metric : policy.metrics) {
    const Milliseconds needed = metric.lasting + metric.interval;
    if (pace.monitor >= needed || (pace.together && pace.bake >= needed)) continue;
    return "what the last hosts do to the metric '" + metric.name + "' may go unnoticed: it needs " +
           pipelines::format_duration(needed) + ", let update_config.monitor be longer";
  }
  return {};
}

/// Runs the machine on a course without trouble.
std::vector<std::vector<std::string>> preview(const Pace& pace, const Progress& first) {
  Pace calm = pace;
  calm.delay = calm.monitor = calm.bake = Milliseconds(0);
  calm.ask_to_switch = calm.migrates = false;
  for (Step& step : calm.steps) {
    step.bake = Milliseconds(0);
    step.wait = false;
  }
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
  if (host.leaves) return 3;
  if (!host.reachable) return 2;
  return host.health == Health::healthy ? 1 : 0;
}

}  // namespace

std::size_t batch_of(Share share, std::size_t hosts) {
  if (share.percent) return std::clamp<std::size_t>(hosts * share.number / 100, 1, hosts);
  return share.number == 0 ? hosts : std::min(share.number, hosts);
}

std::vector<Step> host_steps(const Policy& policy, std::size_t hosts) {
  std::vector<Step> steps;
  std::size_t before = 0;
  for (const SpreadStep& from : policy.steps) {
    const Share& share = from.share;
    const std::size_t upto = share.percent ? (hosts * share.number + 99) / 100 : share.number;
    if (upto <= before) continue;
    if (upto >= hosts) break;
    steps.push_back({upto, 0, from.bake.value_or(policy.bake), from.wait});
    before = upto;
  }
  return steps;
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
    one.leaves = host.leaves;
    if (one.lost) one.reason = host.gone.empty() ? "did not answer when the rollout was planned" : host.gone;
    progress.hosts.push_back(std::move(one));
  }
  return progress;
}

Result<Plan> make_plan(const PlanInput& input) {
  if (input.hosts.empty()) return fail(Error::Kind::invalid, "there is no host to roll out to");
  Plan plan;
  std::vector<Difference> differences;
  for (const HostView& view : input.hosts) {
    differences.push_back(difference(view.leaves ? std::vector<Wanted>() : input.wanted, view.containers));
    if (!differences.back().clashes.empty()) {
      return fail(Error::Kind::conflict,
                  "host " + view.host + ": container " + differences.back().clashes.front() +
                      " is there already with another specification",
                  "remove or rename it; slipway does not touch what it did not create for this generation");
    }
    plan.hosts.push_back(planned_host(view, input, differences.back()));
    if (!view.gone.empty()) {
      plan.notes.push_back("host " + view.host + ", on which the application was: " + view.gone);
    } else if (view.leaves) {
      plan.notes.push_back("host " + view.host + " is none of its targets any more: its containers are stopped");
    }
    if (view.gone.empty() && !view.reachable) {
      plan.notes.push_back("host " + view.host +
                           " does not answer: it counts as not serving and is brought up to date when it does");
    }
    if (!view.reachable) differences.pop_back();
  }
  std::stable_sort(plan.hosts.begin(), plan.hosts.end(),
                   [](const PlannedHost& a, const PlannedHost& b) { return rank(a) < rank(b); });
  auto pace = pace_of(input, order_of(input, differences, plan.notes), plan.notes);
  if (!pace) return fail(pace.error());
  plan.pace = std::move(*pace);
  if (const std::string note = note_on_metrics(input.application.policy, plan.pace); !note.empty() && !input.rollback) {
    plan.notes.push_back(note);
  }
  plan.batches = preview(plan.pace, first_progress(plan));
  if (plan.batches.empty()) plan.notes.push_back("the rollout waits until enough hosts answer to keep min_healthy");
  return plan;
}

}  // namespace slipway::rollouts
