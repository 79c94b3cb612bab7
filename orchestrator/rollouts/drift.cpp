#include "orchestrator/rollouts/drift.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t told = 3;  // containers in a summary
constexpr double same_cpus = 1e-3;

/// Made for `wanted`, and called otherwise now.
const Shown* renamed(const Wanted& wanted, const Difference& difference) {
  for (const auto* group : {&difference.surplus, &difference.spent}) {
    for (const Shown& one : *group) {
      if (one.service == wanted.service && one.replica == wanted.replica && one.generation == wanted.generation &&
          made_for(one, wanted))
        return &one;
    }
  }
  return nullptr;
}

std::string in_words(const docker::RestartPolicy& policy) {
  using Kind = docker::RestartPolicy::Kind;
  switch (policy.kind) {
    case Kind::always:
      return "always";
    case Kind::unless_stopped:
      return "unless-stopped";
    case Kind::on_failure:
      return policy.maximum_retries == 0 ? "on-failure" : "on-failure:" + std::to_string(policy.maximum_retries);
    case Kind::no:
      break;
  }
  return "no";
}

void compare(std::vector<std::string>& changes, const std::string& what, std::int64_t there, std::int64_t asked) {
  const auto limit = [](std::int64_t number) { return number <= 0 ? std::string("none") : std::to_string(number); };
  if (limit(there) != limit(asked)) changes.push_back(what + " is " + limit(there) + ", not " + limit(asked));
}

void compare_networks(std::vector<std::string>& changes, const docker::Container& there,
                      const docker::ContainerSpec& asked) {
  const auto wanted = [&](const std::string& name) {
    return std::any_of(asked.networks.begin(), asked.networks.end(),
                       [&](const docker::NetworkAttachment& one) { return one.network == name; });
  };
  if (asked.networks.empty()) return;
  for (const docker::NetworkAttachment& one : asked.networks) {
    if (!there.networks.contains(one.network)) changes.push_back("is not in network " + one.network);
  }
  for (const auto& [name, endpoint] : there.networks) {
    if (!wanted(name)) changes.push_back("is in network " + name + ", too");
  }
}

}  // namespace

std::string_view name_of(Drift::Kind kind) {
  switch (kind) {
    case Drift::Kind::missing:
      return "missing";
    case Drift::Kind::stopped:
      return "stopped";
    case Drift::Kind::paused:
      return "paused";
    case Drift::Kind::renamed:
      return "renamed";
    case Drift::Kind::foreign:
      return "foreign";
    case Drift::Kind::changed:
      return "changed";
    case Drift::Kind::surplus:
      return "surplus";
  }
  return "unknown";
}

std::vector<Drift> drift_of(const Difference& difference, const std::vector<Actual>& actual) {
  std::vector<Drift> found;
  std::vector<std::string> explained;  // under the name they have now
  const auto add = [&](Drift::Kind kind, const std::string& service, const std::string& name, const std::string& what) {
    found.push_back({kind, service, name, "container " + name + " " + what});
  };
  for (const Wanted& one : difference.missing) {
    const Shown* other = renamed(one, difference);
    if (other != nullptr) explained.push_back(other->name);
    if (other == nullptr) add(Drift::Kind::missing, one.service, one.name, "is missing");
    if (other != nullptr) add(Drift::Kind::renamed, one.service, one.name, "was renamed to " + other->name);
  }
  for (const Shown& one : difference.asleep) add(Drift::Kind::stopped, one.service, one.name, "does not run");
  for (const std::string& name : difference.clashes) add(Drift::Kind::foreign, {}, name, "has another specification");
  for (const Shown& one : difference.right) {
    if (one.status == "paused") add(Drift::Kind::paused, one.service, one.name, "is paused");
    const auto seen =
        std::find_if(actual.begin(), actual.end(), [&](const Actual& a) { return a.container == one.name; });
    if (seen == actual.end()) continue;
    if (seen->foreign) add(Drift::Kind::foreign, one.service, one.name, "runs another image, " + seen->digest);
    if (seen->foreign || seen->changes.empty()) continue;
    add(Drift::Kind::changed, one.service, one.name, "was changed: " + joined(seen->changes));
  }
  for (const Shown& one : difference.surplus) {
    if (std::find(explained.begin(), explained.end(), one.name) != explained.end()) continue;
    add(Drift::Kind::surplus, one.service, one.name, "runs and should not");
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Drift& a, const Drift& b) { return a.container < b.container; });
  return found;
}

void tell_unknown(std::vector<Drift>& drift, const std::vector<Shown>& shown, std::int64_t newest) {
  for (Drift& one : drift) {
    const auto container =
        std::find_if(shown.begin(), shown.end(), [&](const Shown& there) { return there.name == one.container; });
    if (one.kind != Drift::Kind::surplus || container == shown.end() || container->generation <= newest) continue;
    one.what += "; it is of generation " + std::to_string(container->generation) + ", and this slipwayd knows none " +
                "above " + std::to_string(newest) + ": perhaps it was restored from an older backup";
  }
}

std::vector<std::string> changes_of(const docker::Container& there, const docker::ContainerSpec& asked) {
  std::vector<std::string> changes;
  const docker::Limits& now = there.config.limits;
  if (in_words(there.config.restart) != in_words(asked.restart)) {
    changes.push_back("restart policy is " + in_words(there.config.restart) + ", not " + in_words(asked.restart));
  }
  compare(changes, "memory limit", now.memory_bytes, asked.limits.memory_bytes);
  compare(changes, "memory reservation", now.memory_reservation_bytes, asked.limits.memory_reservation_bytes);
  compare(changes, "limit of processes", now.pids, asked.limits.pids);
  if (std::abs(now.cpus - asked.limits.cpus) > same_cpus) changes.emplace_back("limit of CPUs is another");
  compare_networks(changes, there, asked);
  return changes;
}

std::string summary_of(const std::vector<Drift>& drift) {
  std::string text;
  for (std::size_t i = 0; i < std::min(drift.size(), told); ++i) text += (i == 0 ? "" : "; ") + drift[i].what;
  if (drift.size() > told) text += "; and " + std::to_string(drift.size() - told) + " more";
  return text;
}

}  // namespace slipway::rollouts
