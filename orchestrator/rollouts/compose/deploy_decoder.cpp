#include "orchestrator/rollouts/compose/service_parts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::int64_t most_replicas = 64;
constexpr std::int64_t most_in_swarm = 10'000;

void decode_limits(const YamlNode& node, Resources& resources, Diagnostics& diagnostics) {
  MapReader map(node, "`limits`", diagnostics);
  double cpus = 0;
  take_decimal(map, "cpus", cpus, diagnostics);
  if (cpus > 0) resources.nano_cpus = static_cast<std::int64_t>(cpus * 1e9);
  take_bytes(map, "memory", resources.memory, diagnostics);
  take_integer(map, "pids", 1, 1 << 22, resources.pids, diagnostics);
  map.finish();
}

void decode_reservations(const YamlNode& node, Service& service, Diagnostics& diagnostics) {
  MapReader map(node, "`reservations`", diagnostics);
  take_bytes(map, "memory", service.resources.memory_reservation, diagnostics);
  if (service.swarm) {
    double cpus = 0;
    take_decimal(map, "cpus", cpus, diagnostics);
    service.swarm->reserved_nano_cpus = static_cast<std::int64_t>(cpus * 1e9);
  } else {
    map.foreign("cpus", "a host has no CPUs to set aside: use limits.cpus on the others");
  }
  map.later("devices");
  map.later("generic_resources");
  map.finish();
}

void decode_restart_policy(const YamlNode& node, Service& service, Diagnostics& diagnostics) {
  MapReader map(node, "`restart_policy`", diagnostics);
  std::size_t condition = 2;
  if (const YamlNode* word = map.find("condition")) {
    condition = pipelines::read_choice(*word, "`condition`", {"none", "on-failure", "any"}, diagnostics).value_or(2);
  }
  static const std::vector<std::string> names{"no", "on-failure", "always"};
  service.restart.name = names[condition];
  service.restart.given = true;
  std::int64_t attempts = 0;
  take_integer(map, "max_attempts", 1, 1000, attempts, diagnostics);
  service.restart.max_attempts = static_cast<int>(attempts);
  if (service.swarm) {
    take_duration(map, "delay", service.swarm->restart_delay, diagnostics);
    take_duration(map, "window", service.swarm->restart_window, diagnostics);
    map.finish();
    return;
  }
  if (attempts > 0 && condition != 1) {
    diagnostics.error(map.at("max_attempts"), "the Engine counts attempts for `condition: on-failure` only");
  }
  map.foreign("delay", "the Engine has a delay of its own that doubles each time");
  map.foreign("window", "the Engine has a window of its own of 10 s");
  map.finish();
}

void take_replicas(MapReader& map, std::string_view key, Service& service, Diagnostics& diagnostics) {
  auto replicas = static_cast<std::int64_t>(service.replicas);
  take_integer(map, key, 1, service.swarm ? most_in_swarm : most_replicas, replicas, diagnostics);
  service.replicas = static_cast<std::size_t>(replicas);
}

/// `update_config` of one service of a swarm, or `rollback_config`, which can't roll back again.
SwarmUpdate read_swarm_update(const YamlNode& node, std::string_view what, bool may_roll_back,
                              Diagnostics& diagnostics) {
  SwarmUpdate update;
  if (!may_roll_back) update.on_failure = FailureAction::pause;
  MapReader map(node, std::string(what), diagnostics);
  take_integer(map, "parallelism", 0, most_in_swarm, update.parallelism, diagnostics);
  std::optional<Milliseconds> delay;
  take_duration(map, "delay", delay, diagnostics);
  update.delay = delay.value_or(update.delay);
  take_duration(map, "monitor", update.monitor, diagnostics);
  take_decimal(map, "max_failure_ratio", update.max_failure_ratio, diagnostics);
  if (update.max_failure_ratio > 1) {
    diagnostics.error(map.at("max_failure_ratio"), "`max_failure_ratio` is from 0 to 1");
  }
  if (const YamlNode* word = map.find("failure_action")) {
    const std::vector<std::string_view> words = may_roll_back
                                                    ? std::vector<std::string_view>{"rollback", "pause", "continue"}
                                                    : std::vector<std::string_view>{"pause", "continue"};
    const auto choice = pipelines::read_choice(*word, "`failure_action`", words, diagnostics);
    if (choice) update.on_failure = static_cast<FailureAction>(*choice + (may_roll_back ? 0 : 1));
  }
  if (const YamlNode* word = map.find("order")) {
    const auto choice = pipelines::read_choice(*word, "`order`", {"start-first", "stop-first"}, diagnostics);
    if (choice) update.order = *choice == 0 ? Order::start_first : Order::stop_first;
  }
  map.finish();
  return update;
}

void decode_placement(const YamlNode& node, SwarmDeploy& swarm, Diagnostics& diagnostics) {
  MapReader map(node, "`placement`", diagnostics);
  take_texts(map, "constraints", swarm.constraints, diagnostics);
  if (const YamlNode* preferences = map.find("preferences")) {
    for (const YamlNode& item : preferences->items) {
      MapReader one(item, "an item of `preferences`", diagnostics);
      std::string by;
      take_text(one, "spread", by, diagnostics);
      one.finish();
      if (!by.empty()) swarm.spread.push_back(std::move(by));
    }
  }
  take_integer(map, "max_replicas_per_node", 1, most_in_swarm, swarm.max_replicas_per_node, diagnostics);
  map.finish();
}

/// What of `deploy` a swarm alone can do.
void decode_swarm_deploy(MapReader& deploy, SwarmDeploy& swarm, Diagnostics& diagnostics) {
  if (const YamlNode* node = deploy.find("update_config")) {
    swarm.update = read_swarm_update(*node, "`update_config`", true, diagnostics);
  }
  if (const YamlNode* node = deploy.find("rollback_config")) {
    swarm.rollback = read_swarm_update(*node, "`rollback_config`", false, diagnostics);
  }
  if (const YamlNode* node = deploy.find("placement")) decode_placement(*node, swarm, diagnostics);
  if (const YamlNode* node = deploy.find("endpoint_mode")) {
    const auto choice = pipelines::read_choice(*node, "`endpoint_mode`", {"vip", "dnsrr"}, diagnostics);
    if (choice) swarm.endpoint_mode = *choice == 0 ? "vip" : "dnsrr";
  }
  take_labels(deploy, swarm.labels, diagnostics);
}

void decode_host_deploy(MapReader& deploy, Service& service, Diagnostics& diagnostics) {
  take_pairs(deploy, "labels", service.labels, "", diagnostics);
  deploy.foreign("rollback_config",
                 "a rollback takes all hosts at once, as far as min_healthy allows; only a swarm has one of its own");
  deploy.foreign("placement", "x-slipway.targets says which hosts; only a swarm places by itself");
  deploy.foreign("endpoint_mode", "there is no virtual address on a single host: leave it out");
}

}  // namespace

/// The keys of Compose files of version 2.
void decode_resources(MapReader& map, Service& service, Diagnostics& diagnostics) {
  double cpus = 0;
  take_decimal(map, "cpus", cpus, diagnostics);
  if (cpus > 0) service.resources.nano_cpus = static_cast<std::int64_t>(cpus * 1e9);
  take_bytes(map, "mem_limit", service.resources.memory, diagnostics);
  take_bytes(map, "mem_reservation", service.resources.memory_reservation, diagnostics);
  take_integer(map, "pids_limit", 1, 1 << 22, service.resources.pids, diagnostics);
  take_replicas(map, "scale", service, diagnostics);
}

const YamlNode* decode_deploy(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("deploy");
  if (node == nullptr) return nullptr;
  MapReader deploy(*node, "`deploy`", diagnostics);
  take_replicas(deploy, "replicas", service, diagnostics);
  if (const YamlNode* mode = deploy.find("mode")) {
    const auto choice = pipelines::read_choice(*mode, "`mode`", {"replicated", "global"}, diagnostics);
    if (service.swarm) service.swarm->global = choice == 1;
  }
  if (const YamlNode* resources = deploy.find("resources")) {
    MapReader both(*resources, "`resources`", diagnostics);
    if (const YamlNode* limits = both.find("limits")) decode_limits(*limits, service.resources, diagnostics);
    if (const YamlNode* kept = both.find("reservations")) decode_reservations(*kept, service, diagnostics);
    both.finish();
  }
  if (const YamlNode* policy = deploy.find("restart_policy")) decode_restart_policy(*policy, service, diagnostics);
  const YamlNode* update = deploy.find("update_config");
  if (service.swarm) {
    decode_swarm_deploy(deploy, *service.swarm, diagnostics);
    update = nullptr;
  } else {
    decode_host_deploy(deploy, service, diagnostics);
  }
  deploy.finish();
  return update;
}

}  // namespace slipway::rollouts
