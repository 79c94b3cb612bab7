#include "orchestrator/rollouts/compose/swarm_check.hpp"

#include <algorithm>

namespace slipway::rollouts {
namespace {

struct Refusal {
  std::string_view key;
  std::string_view help;
};

constexpr std::string_view spreads = "`deploy.update_config` of each service says how the swarm updates it";
constexpr std::string_view programs =
    "what has to run beside a service is a service of its own, or a job of the pipeline";
constexpr std::string_view gates = "write a `healthcheck`: the swarm itself goes by it";

const std::vector<Refusal> of_x_slipway{
    {"strategy", spreads},
    {"batch", spreads},
    {"steps", spreads},
    {"step", spreads},
    {"bake", spreads},
    {"switch", spreads},
    {"min_healthy", spreads},
    {"order", "write `order` into `deploy.update_config` of each service"},
    {"failure_action", "write `failure_action` into `deploy.update_config` of each service"},
    {"hooks", programs},
    {"migrate", programs},
    {"probe", "requests are sent to routes, and in a swarm there are none"},
    {"keep", "nothing has to be kept: a rollback goes by digest"},
};

const std::vector<Refusal> of_service{
    {"shm_size", "mount a tmpfs at /dev/shm"},
    {"security_opt", "leave it out: services of a swarm have no such options"},
    {"domainname", "write the full name into `hostname`"},
    {"network_mode", "leave it out, or name `networks`"},
};

const YamlNode* at_key(const YamlNode& node, std::string_view key) {
  const auto found =
      std::find_if(node.entries.begin(), node.entries.end(), [&](const auto& entry) { return entry.key == key; });
  return found == node.entries.end() ? nullptr : &found->value;
}

void refuse(const YamlNode& map, const std::vector<Refusal>& refusals, Diagnostics& diagnostics) {
  for (const pipelines::YamlEntry& entry : map.entries) {
    const auto found = std::find_if(refusals.begin(), refusals.end(),
                                    [&](const Refusal& refusal) { return refusal.key == entry.key; });
    if (found == refusals.end()) continue;
    diagnostics.error(entry.at, "a swarm can't honour `" + entry.key + "`", {}, std::string(found->help));
  }
}

void check_x_slipway(const YamlNode& node, Diagnostics& diagnostics) {
  refuse(node, of_x_slipway, diagnostics);
  if (const YamlNode* gate = at_key(node, "gate")) {
    refuse(*gate, {{"http", gates}, {"command", gates}}, diagnostics);
  }
}

void check_port(const YamlNode& port, Diagnostics& diagnostics) {
  const YamlNode* published = port.is_map() ? at_key(port, "published") : nullptr;
  const YamlNode* address = port.is_map() ? at_key(port, "host_ip") : nullptr;
  if (address != nullptr) {
    diagnostics.error(address->at, "a swarm publishes on all addresses of its nodes", address->text, "leave it out");
  }
  if (published != nullptr && published->text.find('-') != std::string::npos) {
    diagnostics.error(published->at, "a swarm does not choose out of a range of ports", published->text,
                      "name one port, or none for the swarm to choose");
  }
  if (port.is_map()) return;
  const auto colons = std::count(port.text.begin(), port.text.end(), ':');
  if (colons > 1 || port.text.find('-') != std::string::npos) {
    diagnostics.error(port.at, "a swarm publishes one port on all addresses of its nodes", port.text,
                      "write \"published:target\"");
  }
}

void check_service(const YamlNode& node, Diagnostics& diagnostics) {
  refuse(node, of_service, diagnostics);
  if (const YamlNode* extension = at_key(node, "x-slipway")) {
    refuse(*extension,
           {{"route", "publish a port: the swarm's own ingress takes requests in on every node"},
            {"anonymous_volumes", "give the volume a name: a task that has none gets a new one"}},
           diagnostics);
  }
  if (const YamlNode* policy = at_key(node, "pull_policy"); policy != nullptr && policy->text == "never") {
    diagnostics.error(policy->at, "the nodes of a swarm pull by digest", policy->text, "push the image to a registry");
  }
  if (const YamlNode* others = at_key(node, "depends_on")) {
    for (const pipelines::YamlEntry& entry : others->entries) {
      const YamlNode* condition = at_key(entry.value, "condition");
      if (condition == nullptr || condition->text != "service_completed_successfully") continue;
      diagnostics.error(condition->at, "a swarm's services run on: none of them is waited for until it has ended",
                        condition->text, "make it a job of the pipeline");
    }
  }
  if (const YamlNode* ports = at_key(node, "ports")) {
    for (const YamlNode& port : ports->items) check_port(port, diagnostics);
  }
}

void check_network(const YamlNode& node, Diagnostics& diagnostics) {
  const YamlNode* driver = node.is_map() ? at_key(node, "driver") : nullptr;
  if (driver == nullptr || driver->text == "overlay") return;
  diagnostics.error(driver->at, "the networks of a swarm are overlays", driver->text, "leave `driver` out");
}

}  // namespace

bool is_for_swarm(const YamlNode& root, const std::string& group, const std::vector<std::string>& swarms,
                  Diagnostics& diagnostics) {
  const auto is_swarm = [&](const std::string& name) {
    return std::find(swarms.begin(), swarms.end(), name) != swarms.end();
  };
  if (!group.empty()) return is_swarm(group);
  const YamlNode* extension = at_key(root, "x-slipway");
  const YamlNode* targets = extension == nullptr ? nullptr : at_key(*extension, "targets");
  if (targets == nullptr) return false;
  if (targets->is_scalar()) return is_swarm(targets->text);
  const auto found = std::find_if(targets->items.begin(), targets->items.end(),
                                  [&](const YamlNode& target) { return is_swarm(target.text); });
  if (found == targets->items.end()) return false;
  if (targets->items.size() > 1) {
    diagnostics.error(found->at, "a swarm is a target of its own", found->text, "name it alone");
  }
  return true;
}

void refuse_for_swarm(const YamlNode& root, Diagnostics& diagnostics) {
  if (const YamlNode* extension = at_key(root, "x-slipway")) check_x_slipway(*extension, diagnostics);
  if (const YamlNode* services = at_key(root, "services")) {
    for (const pipelines::YamlEntry& entry : services->entries) check_service(entry.value, diagnostics);
  }
  if (const YamlNode* networks = at_key(root, "networks")) {
    for (const pipelines::YamlEntry& entry : networks->entries) check_network(entry.value, diagnostics);
  }
}

}  // namespace slipway::rollouts
