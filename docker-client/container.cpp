#include "docker-client/container.hpp"

#include <array>
#include <charconv>
#include <utility>

#include <nlohmann/json.hpp>

#include "docker-client/json_fields.hpp"

namespace slipway::docker {
namespace {

constexpr std::array<std::pair<ContainerStatus, std::string_view>, 7> statuses{
    {{ContainerStatus::created, "created"},
     {ContainerStatus::running, "running"},
     {ContainerStatus::paused, "paused"},
     {ContainerStatus::restarting, "restarting"},
     {ContainerStatus::removing, "removing"},
     {ContainerStatus::exited, "exited"},
     {ContainerStatus::dead, "dead"}}};

std::string without_slash(std::string name) {
  return name.starts_with('/') ? name.substr(1) : name;
}

/// "80/tcp"
PublishedPort port_named(std::string_view text) {
  PublishedPort port;
  const auto slash = text.find('/');
  const std::string_view number = text.substr(0, slash);
  std::from_chars(number.data(), number.data() + number.size(), port.container_port);
  if (slash != std::string_view::npos) port.protocol = text.substr(slash + 1);
  return port;
}

/// {"80/tcp": [{"HostIp": …, "HostPort": …}], "81/tcp": null}
std::vector<PublishedPort> port_map(const Json& map) {
  std::vector<PublishedPort> ports;
  if (!map.is_object()) return ports;
  for (const auto& [key, bindings] : map.items()) {
    if (!bindings.is_array()) continue;
    for (const Json& binding : bindings) {
      PublishedPort& port = ports.emplace_back(port_named(key));
      port.host_ip = text_at(binding, "HostIp");
      port.host_port = text_at(binding, "HostPort");
    }
  }
  return ports;
}

std::vector<MountPoint> mount_points(const Json& list) {
  std::vector<MountPoint> mounts;
  if (!list.is_array()) return mounts;
  for (const Json& item : list) {
    MountPoint& mount = mounts.emplace_back();
    mount.type = text_at(item, "Type");
    mount.name = text_at(item, "Name");
    mount.source = text_at(item, "Source");
    mount.target = text_at(item, "Destination");
    mount.driver = text_at(item, "Driver");
    mount.mode = text_at(item, "Mode");
    mount.writable = flag_at(item, "RW", true);
  }
  return mounts;
}

std::map<std::string, NetworkEndpoint> network_endpoints(const Json& settings) {
  std::map<std::string, NetworkEndpoint> endpoints;
  const Json& networks = value_at(settings, "Networks");
  if (!networks.is_object()) return endpoints;
  for (const auto& [name, item] : networks.items()) {
    NetworkEndpoint& endpoint = endpoints[name];
    endpoint.network_id = text_at(item, "NetworkID");
    endpoint.ipv4 = text_at(item, "IPAddress");
    endpoint.ipv6 = text_at(item, "GlobalIPv6Address");
    endpoint.gateway = text_at(item, "Gateway");
    endpoint.mac_address = text_at(item, "MacAddress");
    endpoint.aliases = strings_at(item, "Aliases");
  }
  return endpoints;
}

Health health_from(const Json& object) {
  Health health;
  const std::string status = text_at(object, "Status");
  if (status == "starting") health.status = Health::Status::starting;
  if (status == "healthy") health.status = Health::Status::healthy;
  if (status == "unhealthy") health.status = Health::Status::unhealthy;
  health.failing_streak = static_cast<int>(number_at(object, "FailingStreak"));
  const Json& probes = value_at(object, "Log");
  if (probes.is_array() && !probes.empty()) {
    health.last_output = text_at(probes.back(), "Output").substr(0, Health::most_output);
    health.last_exit_code = static_cast<int>(number_at(probes.back(), "ExitCode"));
  }
  return health;
}

ContainerState state_from(const Json& object) {
  ContainerState state;
  state.status = parse_container_status(text_at(object, "Status"));
  state.running = flag_at(object, "Running");
  state.oom_killed = flag_at(object, "OOMKilled");
  state.dead = flag_at(object, "Dead");
  state.exit_code = static_cast<int>(number_at(object, "ExitCode"));
  state.pid = static_cast<int>(number_at(object, "Pid"));
  state.error = text_at(object, "Error");
  state.started_at = time_at(object, "StartedAt");
  state.finished_at = time_at(object, "FinishedAt");
  state.health = health_from(value_at(object, "Health"));
  return state;
}

RestartPolicy restart_from(const Json& object) {
  RestartPolicy policy;
  const std::string name = text_at(object, "Name");
  if (name == "always") policy.kind = RestartPolicy::Kind::always;
  if (name == "unless-stopped") policy.kind = RestartPolicy::Kind::unless_stopped;
  if (name == "on-failure") policy.kind = RestartPolicy::Kind::on_failure;
  policy.maximum_retries = static_cast<int>(number_at(object, "MaximumRetryCount"));
  return policy;
}

Limits limits_from(const Json& host) {
  Limits limits;
  limits.cpus = static_cast<double>(number_at(host, "NanoCpus")) / 1e9;
  limits.memory_bytes = number_at(host, "Memory");
  limits.memory_swap_bytes = number_at(host, "MemorySwap");
  limits.memory_reservation_bytes = number_at(host, "MemoryReservation");
  limits.pids = number_at(host, "PidsLimit");
  limits.cpu_shares = number_at(host, "CpuShares");
  limits.cpuset = text_at(host, "CpusetCpus");
  limits.blkio_weight = static_cast<int>(number_at(host, "BlkioWeight"));
  return limits;
}

Container::Config config_from(const Json& config, const Json& host) {
  Container::Config out;
  out.image = text_at(config, "Image");
  out.entrypoint = strings_at(config, "Entrypoint");
  out.command = strings_at(config, "Cmd");
  out.env = strings_at(config, "Env");
  out.labels = string_map_at(config, "Labels");
  out.user = text_at(config, "User");
  out.workdir = text_at(config, "WorkingDir");
  out.hostname = text_at(config, "Hostname");
  out.stop_signal = text_at(config, "StopSignal");
  if (value_at(config, "StopTimeout").is_number())
    out.stop_timeout_seconds = static_cast<int>(number_at(config, "StopTimeout"));
  out.tty = flag_at(config, "Tty");
  out.open_stdin = flag_at(config, "OpenStdin");
  out.network_disabled = flag_at(config, "NetworkDisabled");
  out.network_mode = text_at(host, "NetworkMode");
  out.restart = restart_from(value_at(host, "RestartPolicy"));
  out.limits = limits_from(host);
  out.cap_add = strings_at(host, "CapAdd");
  out.cap_drop = strings_at(host, "CapDrop");
  out.security_options = strings_at(host, "SecurityOpt");
  out.extra_hosts = strings_at(host, "ExtraHosts");
  out.dns = strings_at(host, "Dns");
  out.ports = port_map(value_at(host, "PortBindings"));
  out.privileged = flag_at(host, "Privileged");
  out.read_only_root = flag_at(host, "ReadonlyRootfs");
  out.auto_remove = flag_at(host, "AutoRemove");
  out.log.driver = text_at(value_at(host, "LogConfig"), "Type");
  out.log.options = string_map_at(value_at(host, "LogConfig"), "Config");
  return out;
}

std::uint64_t count_at(const Json& object, std::string_view key) {
  const std::int64_t number = number_at(object, key);
  return number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

}  // namespace

ContainerStatus parse_container_status(std::string_view text) {
  for (const auto& [status, name] : statuses) {
    if (name == text) return status;
  }
  return ContainerStatus::unknown;
}

std::string_view name_of(ContainerStatus status) {
  for (const auto& [known, name] : statuses) {
    if (known == status) return name;
  }
  return "unknown";
}

Container container_from(const Json& inspect) {
  Container container;
  container.id = text_at(inspect, "Id");
  container.name = without_slash(text_at(inspect, "Name"));
  container.created_at = time_at(inspect, "Created");
  container.image_id = text_at(inspect, "Image");
  container.restart_count = static_cast<int>(number_at(inspect, "RestartCount"));
  container.state = state_from(value_at(inspect, "State"));
  container.mounts = mount_points(value_at(inspect, "Mounts"));
  const Json& network = value_at(inspect, "NetworkSettings");
  container.networks = network_endpoints(network);
  container.ports = port_map(value_at(network, "Ports"));
  container.platform = text_at(inspect, "Platform");
  container.config = config_from(value_at(inspect, "Config"), value_at(inspect, "HostConfig"));
  return container;
}

ContainerSummary container_summary_from(const Json& row) {
  ContainerSummary summary;
  summary.id = text_at(row, "Id");
  // Links of other containers are names too, with more than one slash.
  for (std::string& name : strings_at(row, "Names")) {
    if (name.rfind('/') == 0) summary.name = without_slash(std::move(name));
  }
  summary.image = text_at(row, "Image");
  summary.image_id = text_at(row, "ImageID");
  summary.command = text_at(row, "Command");
  if (const auto seconds = number_at(row, "Created"); seconds > 0)
    summary.created_at = Time(std::chrono::seconds(seconds));
  summary.state = parse_container_status(text_at(row, "State"));
  summary.status = text_at(row, "Status");
  summary.labels = string_map_at(row, "Labels");
  const Json& ports = value_at(row, "Ports");
  for (const Json& item : ports.is_array() ? ports : Json::array()) {
    if (count_at(item, "PublicPort") == 0) continue;
    PublishedPort& port = summary.ports.emplace_back();
    port.container_port = static_cast<std::uint16_t>(count_at(item, "PrivatePort"));
    port.protocol = text_at(item, "Type", "tcp");
    port.host_ip = text_at(item, "IP");
    port.host_port = std::to_string(count_at(item, "PublicPort"));
  }
  summary.mounts = mount_points(value_at(row, "Mounts"));
  summary.networks = network_endpoints(value_at(row, "NetworkSettings"));
  return summary;
}

ContainerStats container_stats_from(const Json& stats) {
  ContainerStats out;
  out.read_at = time_at(stats, "read");
  const Json& cpu = value_at(stats, "cpu_stats");
  out.cpu_nanoseconds = count_at(value_at(cpu, "cpu_usage"), "total_usage");
  out.system_cpu_nanoseconds = count_at(cpu, "system_cpu_usage");
  out.online_cpus = static_cast<int>(number_at(cpu, "online_cpus"));
  const Json& memory = value_at(stats, "memory_stats");
  const Json& details = value_at(memory, "stats");
  const std::uint64_t usage = count_at(memory, "usage");
  const std::uint64_t cache =
      count_at(details, details.contains("total_inactive_file") ? "total_inactive_file" : "inactive_file");
  out.memory_bytes = cache < usage ? usage - cache : usage;
  out.memory_limit_bytes = count_at(memory, "limit");
  out.memory_peak_bytes = count_at(memory, "max_usage");
  out.pids = count_at(value_at(stats, "pids_stats"), "current");
  return out;
}

}  // namespace slipway::docker
