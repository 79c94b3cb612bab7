#include "orchestrator/rollouts/compose/service_parts.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::int64_t most_replicas = 64;

void decode_limits(const YamlNode& node, Resources& resources, Diagnostics& diagnostics) {
  MapReader map(node, "`limits`", diagnostics);
  double cpus = 0;
  take_decimal(map, "cpus", cpus, diagnostics);
  if (cpus > 0) resources.nano_cpus = static_cast<std::int64_t>(cpus * 1e9);
  take_bytes(map, "memory", resources.memory, diagnostics);
  take_integer(map, "pids", 1, 1 << 22, resources.pids, diagnostics);
  map.finish();
}

void decode_reservations(const YamlNode& node, Resources& resources, Diagnostics& diagnostics) {
  MapReader map(node, "`reservations`", diagnostics);
  take_bytes(map, "memory", resources.memory_reservation, diagnostics);
  map.foreign("cpus", "a host has no CPUs to set aside: use limits.cpus on the others");
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
  if (attempts > 0 && condition != 1) {
    diagnostics.error(map.at("max_attempts"), "the Engine counts attempts for `condition: on-failure` only");
  }
  map.foreign("delay", "the Engine has a delay of its own that doubles each time");
  map.foreign("window", "the Engine has a window of its own of 10 s");
  map.finish();
}

void take_replicas(MapReader& map, std::string_view key, Service& service, Diagnostics& diagnostics) {
  auto replicas = static_cast<std::int64_t>(service.replicas);
  take_integer(map, key, 1, most_replicas, replicas, diagnostics);
  service.replicas = static_cast<std::size_t>(replicas);
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
    pipelines::read_choice(*mode, "`mode`", {"replicated", "global"}, diagnostics);
  }
  take_pairs(deploy, "labels", service.labels, "write NAME: value", diagnostics);
  if (const YamlNode* resources = deploy.find("resources")) {
    MapReader both(*resources, "`resources`", diagnostics);
    if (const YamlNode* limits = both.find("limits")) decode_limits(*limits, service.resources, diagnostics);
    if (const YamlNode* kept = both.find("reservations")) decode_reservations(*kept, service.resources, diagnostics);
    both.finish();
  }
  if (const YamlNode* policy = deploy.find("restart_policy")) decode_restart_policy(*policy, service, diagnostics);
  deploy.foreign("rollback_config", "a rollback takes all hosts at once, as far as min_healthy allows");
  deploy.foreign("placement", "x-slipway.targets says which hosts");
  deploy.foreign("endpoint_mode", "there is no virtual address on a single host: leave it out");
  const YamlNode* update = deploy.find("update_config");
  deploy.finish();
  return update;
}

}  // namespace slipway::rollouts
