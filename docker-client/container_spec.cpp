#include "docker-client/container_spec.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "docker-client/networks.hpp"

namespace slipway::docker {
namespace {

/// Only what is set goes into the body, so the Engine's and the image's defaults hold.
template <class T>
void set(Json& object, const char* key, const T& value) {
  if (value != T{}) object[key] = value;
}
template <class T>
void set(Json& object, const char* key, const std::optional<T>& value) {
  if (value) object[key] = *value;
}
void set(Json& object, const char* key, std::chrono::nanoseconds value) {
  if (value.count() != 0) object[key] = value.count();
}

std::string name_of(Mount::Type type) {
  switch (type) {
    case Mount::Type::bind:
      return "bind";
    case Mount::Type::tmpfs:
      return "tmpfs";
    default:
      return "volume";
  }
}

std::string name_of(RestartPolicy::Kind kind) {
  switch (kind) {
    case RestartPolicy::Kind::always:
      return "always";
    case RestartPolicy::Kind::unless_stopped:
      return "unless-stopped";
    case RestartPolicy::Kind::on_failure:
      return "on-failure";
    default:
      return "no";
  }
}

Json volume_options(const Mount& mount, ApiVersion version) {
  Json options = Json::object();
  set(options, "NoCopy", mount.no_copy);
  set(options, "Labels", mount.labels);
  if (version >= ApiVersion{1, 45}) set(options, "Subpath", mount.subpath);
  if (!mount.driver.empty() || !mount.driver_options.empty()) {
    Json driver = Json::object();
    set(driver, "Name", mount.driver);
    set(driver, "Options", mount.driver_options);
    options["DriverConfig"] = driver;
  }
  return options;
}

}  // namespace

Json mount_body(const Mount& mount, ApiVersion version) {
  Json body = {{"Type", name_of(mount.type)}, {"Target", mount.target}};
  set(body, "Source", mount.source);
  set(body, "ReadOnly", mount.read_only);
  Json options = Json::object();
  const char* key = "VolumeOptions";
  if (mount.type == Mount::Type::volume) options = volume_options(mount, version);
  if (mount.type == Mount::Type::bind) {
    key = "BindOptions";
    set(options, "Propagation", mount.propagation);
    set(options, "CreateMountpoint", mount.create_host_path);
  }
  if (mount.type == Mount::Type::tmpfs) {
    key = "TmpfsOptions";
    set(options, "SizeBytes", mount.tmpfs_bytes);
    set(options, "Mode", mount.tmpfs_mode);
  }
  if (!options.empty()) body[key] = options;
  return body;
}

Json healthcheck_body(const Healthcheck& check, ApiVersion version) {
  Json body = Json::object();
  set(body, "Test", check.test);
  set(body, "Interval", check.interval);
  set(body, "Timeout", check.timeout);
  set(body, "StartPeriod", check.start_period);
  if (version >= ApiVersion{1, 44}) set(body, "StartInterval", check.start_interval);
  set(body, "Retries", check.retries);
  return body;
}

namespace {

/// "source:target:ro,rprivate": the one form in which an Engine below API 1.42 makes a missing source.
std::string bind_text(const Mount& mount) {
  std::string text = mount.source + ":" + mount.target + (mount.read_only ? ":ro" : ":rw");
  return mount.propagation.empty() ? text : text + "," + mount.propagation;
}

void add_mounts(Json& host, const ContainerSpec& spec, ApiVersion version) {
  for (const Mount& mount : spec.mounts) {
    const bool as_bind = mount.type == Mount::Type::bind && mount.create_host_path && version < ApiVersion{1, 42};
    if (as_bind)
      host["Binds"].push_back(bind_text(mount));
    else
      host["Mounts"].push_back(mount_body(mount, version));
  }
  set(host, "Tmpfs", spec.tmpfs);
  set(host, "VolumesFrom", spec.volumes_from);
  for (const Device& device : spec.devices) {
    host["Devices"].push_back({{"PathOnHost", device.host_path},
                               {"PathInContainer", device.container_path},
                               {"CgroupPermissions", device.permissions}});
  }
  set(host, "DeviceCgroupRules", spec.device_cgroup_rules);
  for (const DeviceRequest& request : spec.device_requests) {
    Json body = {{"Count", request.count}, {"Capabilities", request.capabilities}};
    set(body, "Driver", request.driver);
    set(body, "DeviceIDs", request.device_ids);
    set(body, "Options", request.options);
    host["DeviceRequests"].push_back(body);
  }
}

void add_limits(Json& host, const ContainerSpec& spec) {
  const Limits& limits = spec.limits;
  if (limits.cpus > 0) host["NanoCpus"] = std::llround(limits.cpus * 1e9);
  set(host, "Memory", limits.memory_bytes);
  set(host, "MemorySwap", limits.memory_swap_bytes);
  set(host, "MemoryReservation", limits.memory_reservation_bytes);
  set(host, "MemorySwappiness", limits.memory_swappiness);
  set(host, "PidsLimit", limits.pids);
  set(host, "CpuShares", limits.cpu_shares);
  set(host, "CpusetCpus", limits.cpuset);
  set(host, "BlkioWeight", limits.blkio_weight);
  set(host, "ShmSize", spec.shm_bytes);
  set(host, "Sysctls", spec.sysctls);
  set(host, "OomScoreAdj", spec.oom_score_adjust);
  set(host, "OomKillDisable", spec.oom_kill_disable);
  set(host, "CgroupParent", spec.cgroup_parent);
  set(host, "CgroupnsMode", spec.cgroup_namespace);
  for (const Ulimit& limit : spec.ulimits)
    host["Ulimits"].push_back({{"Name", limit.name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
}

void add_security(Json& host, const ContainerSpec& spec) {
  set(host, "CapAdd", spec.cap_add);
  set(host, "CapDrop", spec.cap_drop);
  std::vector<std::string> options = spec.security_options;
  if (spec.no_new_privileges) options.emplace_back("no-new-privileges:true");
  set(host, "SecurityOpt", options);
  set(host, "Privileged", spec.privileged);
  set(host, "ReadonlyRootfs", spec.read_only_root);
  set(host, "GroupAdd", spec.groups);
  set(host, "IpcMode", spec.ipc_mode);
  set(host, "PidMode", spec.pid_mode);
  set(host, "UTSMode", spec.uts_mode);
  set(host, "UsernsMode", spec.userns_mode);
}

void add_network(Json& host, const ContainerSpec& spec) {
  std::string mode = spec.network_mode;
  if (mode.empty() && !spec.networks.empty()) mode = spec.networks.front().network;
  set(host, "NetworkMode", mode);
  for (const PublishedPort& port : spec.ports) {
    const std::string key = std::to_string(port.container_port) + "/" + port.protocol;
    host["PortBindings"][key].push_back({{"HostIp", port.host_ip}, {"HostPort", port.host_port}});
  }
  set(host, "ExtraHosts", spec.extra_hosts);
  set(host, "Dns", spec.dns);
  set(host, "DnsSearch", spec.dns_search);
  set(host, "DnsOptions", spec.dns_options);
}

Json host_config(const ContainerSpec& spec, ApiVersion version) {
  Json host = Json::object();
  add_mounts(host, spec, version);
  add_limits(host, spec);
  add_security(host, spec);
  add_network(host, spec);
  set(host, "Init", spec.init);
  set(host, "Runtime", spec.runtime);
  set(host, "Isolation", spec.isolation);
  set(host, "StorageOpt", spec.storage_options);
  set(host, "AutoRemove", spec.auto_remove);
  if (version >= ApiVersion{1, 43}) set(host, "Annotations", spec.annotations);
  if (spec.restart.kind != RestartPolicy::Kind::no) host["RestartPolicy"] = restart_body(spec.restart);
  if (!spec.log.driver.empty() || !spec.log.options.empty())
    host["LogConfig"] = {{"Type", spec.log.driver}, {"Config", spec.log.options}};
  return host;
}

void add_program(Json& body, const ContainerSpec& spec) {
  // [""] is the Engine's way to clear the image's; an empty list would inherit it.
  if (spec.entrypoint) body["Entrypoint"] = spec.entrypoint->empty() ? std::vector<std::string>{""} : *spec.entrypoint;
  set(body, "Cmd", spec.command);
  set(body, "Env", spec.env);
  set(body, "WorkingDir", spec.workdir);
  set(body, "User", spec.user);
  set(body, "Tty", spec.tty);
  set(body, "OpenStdin", spec.open_stdin);
  set(body, "StdinOnce", spec.stdin_once);
  set(body, "AttachStdin", spec.open_stdin);
  set(body, "StopSignal", spec.stop_signal);
  set(body, "StopTimeout", spec.stop_timeout_seconds);
}

}  // namespace

Json restart_body(const RestartPolicy& policy) {
  Json body = {{"Name", name_of(policy.kind)}};
  if (policy.kind == RestartPolicy::Kind::on_failure) set(body, "MaximumRetryCount", policy.maximum_retries);
  return body;
}

Json create_body(const ContainerSpec& spec, ApiVersion version) {
  Json body = {{"Image", spec.image}};
  add_program(body, spec);
  set(body, "Labels", spec.labels);
  set(body, "Hostname", spec.hostname);
  set(body, "Domainname", spec.domainname);
  set(body, "NetworkDisabled", spec.network_disabled);
  if (version < ApiVersion{1, 44}) set(body, "MacAddress", spec.mac_address);
  if (spec.healthcheck) body["Healthcheck"] = healthcheck_body(*spec.healthcheck, version);
  for (const std::string& port : spec.exposed) body["ExposedPorts"][port] = Json::object();
  for (const PublishedPort& port : spec.ports)
    body["ExposedPorts"][std::to_string(port.container_port) + "/" + port.protocol] = Json::object();
  body["HostConfig"] = host_config(spec, version);
  const bool several = version >= ApiVersion{1, 44};
  for (std::size_t i = 0; i < spec.networks.size() && (several || i == 0); ++i)
    body["NetworkingConfig"]["EndpointsConfig"][spec.networks[i].network] = endpoint_config(spec.networks[i], version);
  return body;
}

}  // namespace slipway::docker
