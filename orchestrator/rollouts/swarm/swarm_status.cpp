#include "orchestrator/rollouts/swarm/swarm_status.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/rollouts/service_spec.hpp"
#include "orchestrator/rollouts/swarm/swarm_spec.hpp"

namespace slipway::rollouts::swarm {
namespace {

constexpr docker::ApiVersion compared_as{1, 41};
constexpr std::size_t longest_value = 60;
constexpr std::size_t most_told = 3;

/// Where the swarm writes its own ids, or slipway who made it.
constexpr std::array<std::string_view, 4> not_compared{"Labels", "Networks", "Secrets", "Configs"};
/// What nobody has unless somebody asked for it.
constexpr std::array<std::string_view, 12> only_if_asked{
    "Args", "Command", "Env", "User", "Dir", "Mounts", "Limits", "Ports", "Groups", "Constraints", "Hosts", "Sysctls"};

template <class List>
bool holds(const List& list, std::string_view key) {
  return std::find(list.begin(), list.end(), key) != list.end();
}

std::string shown(const Json& value) {
  std::string text = value.is_string() ? value.get<std::string>() : value.is_null() ? "not set" : dump_json(value);
  if (text.size() > longest_value) text = text.substr(0, longest_value) + "…";
  return text;
}

std::string below(std::string path, const std::string& key) {
  if (!path.empty()) path += '.';
  return path += key;
}

void compare(const Json& there, const Json& asked, const std::string& path, std::vector<std::string>& changes) {
  if (asked.is_object() && there.is_object()) {
    for (const auto& [key, value] : asked.items()) {
      if (!holds(not_compared, key)) compare(value_at(there, key), value, below(path, key), changes);
    }
    for (const auto& [key, value] : there.items()) {
      if (!asked.contains(key) && holds(only_if_asked, key) && !value.empty())
        changes.push_back(below(path, key) + " is " + shown(value) + ", and nobody asked for it");
    }
    return;
  }
  if (asked.is_array() && there.is_array() && asked.size() == there.size()) {
    for (std::size_t i = 0; i < asked.size(); ++i) compare(there[i], asked[i], path, changes);
    return;
  }
  if (there != asked) changes.push_back(path + " is " + shown(there) + ", not " + shown(asked));
}

std::int64_t number_of(const docker::Labels& labels, std::string_view key) {
  return std::atoll(label_of(labels, key).c_str());
}

/// Of what runs; while that is not one and the same, of what the service asks for.
std::string digest_there(const ServiceView& view) {
  std::set<std::string> images;
  for (const docker::Task& task : view.tasks) {
    if (task.state == "running" && task.desired_state == "running") images.insert(task.image);
  }
  return digest_of(images.size() == 1 ? *images.begin() : view.service.image);
}

void add_drift(SwarmLook& into, Drift::Kind kind, const std::string& service, const std::string& name,
               const std::string& what) {
  into.look.drift.push_back({kind, service, name, "service " + name + " " + what});
}

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (std::size_t i = 0; i < std::min(parts.size(), most_told); ++i) text += (i == 0 ? "" : ", ") + parts[i];
  return parts.size() > most_told ? text + " and more" : text;
}

void look_at_drift(SwarmLook& into, const ServiceView& view, const Wanted& wanted, const Target& target) {
  if (!is_as_asked(view.service.labels, wanted)) {
    return add_drift(into, Drift::Kind::foreign, wanted.service, wanted.name, "has another specification");
  }
  if (view.service.image != wanted.image) {
    return add_drift(into, Drift::Kind::foreign, wanted.service, wanted.name,
                     "runs another image, " + view.service.image);
  }
  const Service* service = target.service(wanted.service);
  if (service == nullptr) return;
  const auto changes =
      changes_of(view.service.spec, service_spec(target.application, *service, wanted, Maker(), KeptFiles()));
  if (!changes.empty())
    add_drift(into, Drift::Kind::changed, wanted.service, wanted.name, "was changed: " + joined(changes));
}

}  // namespace

Shown shown_from(const ServiceView& view, const Verdict& verdict) {
  Shown shown;
  shown.id = view.service.id;
  shown.name = view.service.name;
  shown.service = label_of(view.service.labels, label::service);
  shown.generation = number_of(view.service.labels, label::generation);
  shown.rollout = number_of(view.service.labels, label::rollout);
  shown.spec_hash = label_of(view.service.labels, label::spec_hash);
  shown.recorded = view.service.labels.contains(std::string(label::record));
  shown.image = view.service.image;
  shown.digest = digest_there(view);
  shown.running = true;
  shown.status = std::to_string(verdict.running) + "/" + std::to_string(verdict.wanted) + " running";
  shown.host_ports = view.service.published_ports;
  return shown;
}

std::vector<std::string> changes_of(const std::string& there, const docker::ServiceSpec& asked) {
  std::vector<std::string> changes;
  const auto spec = parse_json(there);
  if (!spec) return {spec.error().message};
  compare(*spec, service_body(asked, compared_as), "", changes);
  return changes;
}

SwarmLook status_of(const std::vector<ServiceView>& views, const Target& target, const NodeNames& nodes) {
  SwarmLook found;
  std::set<std::string> names;
  for (const Wanted& wanted : target.wanted) {
    names.insert(wanted.name);
    const auto view = std::find_if(views.begin(), views.end(),
                                   [&](const ServiceView& one) { return one.service.name == wanted.name; });
    if (view == views.end()) {
      add_drift(found, Drift::Kind::missing, wanted.service, wanted.name, "is missing");
      continue;
    }
    const Verdict verdict = judge(*view, wanted, nodes);
    found.look.containers.push_back(shown_from(*view, verdict));
    look_at_drift(found, *view, wanted, target);
    if (found.unhealthy.empty() && verdict.kind != Verdict::Kind::settled) found.unhealthy = verdict.reason;
  }
  for (const ServiceView& view : views) {
    if (names.contains(view.service.name)) continue;
    Verdict verdict;
    verdict.wanted = view.service.replicas;
    found.look.containers.push_back(shown_from(view, verdict));
    add_drift(found, Drift::Kind::surplus, label_of(view.service.labels, label::service), view.service.name,
              "runs and should not");
  }
  return found;
}

awaitable<Result<SwarmLook>> look_for_status(docker::Engine* manager, std::string fleet,
                                             std::shared_ptr<const Target> target) {
  auto views = co_await look_at_services(manager, std::move(fleet), target->application.name);
  if (!views) co_return fail(views.error());
  auto nodes = co_await node_names(manager);
  if (!nodes) co_return fail(nodes.error());
  co_return status_of(*views, *target, *nodes);
}

}  // namespace slipway::rollouts::swarm
