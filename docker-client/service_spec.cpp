#include "docker-client/service_spec.hpp"

#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::docker {
namespace {

template <class T>
void set_given(Json& object, const char* key, const T& value) {
  if (value != T{}) object[key] = value;
}
void set_given(Json& object, const char* key, const Json& value) {
  if (!value.empty()) object[key] = value;
}

std::int64_t nanoseconds(double cpus) {
  return std::llround(cpus * 1e9);
}

/// Hosts files have the address first; `extra_hosts` has the name first.
std::string hosts_line(const std::string& name_and_address) {
  const auto colon = name_and_address.find(':');
  if (colon == std::string::npos) return name_and_address;
  return name_and_address.substr(colon + 1) + " " + name_and_address.substr(0, colon);
}

Json file_body(const GrantedFile& file, const char* id, const char* name) {
  const Json where = {
      {"Name", file.target}, {"UID", std::to_string(file.uid)}, {"GID", std::to_string(file.gid)}, {"Mode", file.mode}};
  return {{"File", where}, {id, file.id}, {name, file.name}};
}

void set_process(Json& body, const ContainerSpec& task, ApiVersion version) {
  if (task.entrypoint) body["Command"] = *task.entrypoint;
  if (task.command) body["Args"] = *task.command;
  set_given(body, "Labels", task.labels);
  set_given(body, "Hostname", task.hostname);
  set_given(body, "Env", task.env);
  set_given(body, "Dir", task.workdir);
  set_given(body, "User", task.user);
  set_given(body, "Groups", task.groups);
  set_given(body, "TTY", task.tty);
  set_given(body, "OpenStdin", task.open_stdin);
  set_given(body, "ReadOnly", task.read_only_root);
  set_given(body, "StopSignal", task.stop_signal);
  if (task.stop_timeout_seconds) {
    body["StopGracePeriod"] = std::chrono::nanoseconds(std::chrono::seconds(*task.stop_timeout_seconds)).count();
  }
  if (task.healthcheck) body["Healthcheck"] = healthcheck_body(*task.healthcheck, version);
  if (task.init) body["Init"] = *task.init;
}

void set_surroundings(Json& body, const ContainerSpec& task, ApiVersion version) {
  for (Mount mount : task.mounts) {
    mount.create_host_path = false;
    body["Mounts"].push_back(mount_body(mount, version));
  }
  for (const std::string& line : task.extra_hosts) body["Hosts"].push_back(hosts_line(line));
  Json dns = Json::object();
  set_given(dns, "Nameservers", task.dns);
  set_given(dns, "Search", task.dns_search);
  set_given(dns, "Options", task.dns_options);
  if (!dns.empty()) body["DNSConfig"] = dns;
  set_given(body, "Sysctls", task.sysctls);
  set_given(body, "CapabilityAdd", task.cap_add);
  set_given(body, "CapabilityDrop", task.cap_drop);
  for (const Ulimit& limit : task.ulimits)
    body["Ulimits"].push_back({{"Name", limit.name}, {"Soft", limit.soft}, {"Hard", limit.hard}});
}

Json container_body(const ServiceSpec& spec, ApiVersion version) {
  Json body = {{"Image", spec.task.image}};
  set_process(body, spec.task, version);
  set_surroundings(body, spec.task, version);
  for (const GrantedFile& file : spec.secrets) body["Secrets"].push_back(file_body(file, "SecretID", "SecretName"));
  for (const GrantedFile& file : spec.configs) body["Configs"].push_back(file_body(file, "ConfigID", "ConfigName"));
  return body;
}

Json resources_body(const ServiceSpec& spec) {
  const Limits& given = spec.task.limits;
  Json limits = Json::object();
  Json reservations = Json::object();
  set_given(limits, "NanoCPUs", nanoseconds(given.cpus));
  set_given(limits, "MemoryBytes", given.memory_bytes);
  set_given(limits, "Pids", given.pids);
  set_given(reservations, "NanoCPUs", nanoseconds(spec.reserved_cpus));
  set_given(reservations, "MemoryBytes", given.memory_reservation_bytes);
  Json body = Json::object();
  if (!limits.empty()) body["Limits"] = limits;
  if (!reservations.empty()) body["Reservations"] = reservations;
  return body;
}

Json restart_body(const TaskRestart& restart) {
  Json body = Json::object();
  set_given(body, "Condition", restart.condition);
  if (restart.delay) body["Delay"] = restart.delay->count();
  if (restart.window) body["Window"] = restart.window->count();
  if (restart.max_attempts != 0) body["MaxAttempts"] = restart.max_attempts;
  return body;
}

/// "linux/arm64".
Json platform_body(const std::string& platform) {
  const auto slash = platform.find('/');
  if (slash == std::string::npos) return {{"OS", platform}};
  const auto end = platform.find('/', slash + 1);
  return {{"OS", platform.substr(0, slash)}, {"Architecture", platform.substr(slash + 1, end - slash - 1)}};
}

Json placement_body(const ServiceSpec& spec) {
  Json body = Json::object();
  set_given(body, "Constraints", spec.placement.constraints);
  for (const std::string& by : spec.placement.spread) {
    Json preference = Json::object();
    preference["Spread"]["SpreadDescriptor"] = by;
    body["Preferences"].push_back(std::move(preference));
  }
  set_given(body, "MaxReplicas", spec.placement.max_replicas);
  if (!spec.task.platform.empty()) body["Platforms"].push_back(platform_body(spec.task.platform));
  return body;
}

Json task_body(const ServiceSpec& spec, ApiVersion version) {
  Json body = {{"ContainerSpec", container_body(spec, version)}};
  set_given(body, "Resources", resources_body(spec));
  set_given(body, "RestartPolicy", restart_body(spec.restart));
  set_given(body, "Placement", placement_body(spec));
  for (const NetworkAttachment& one : spec.task.networks) {
    Json network = {{"Target", one.network}};
    set_given(network, "Aliases", one.aliases);
    body["Networks"].push_back(std::move(network));
  }
  const LogConfig& log = spec.task.log;
  if (!log.driver.empty() || !log.options.empty()) body["LogDriver"] = {{"Name", log.driver}, {"Options", log.options}};
  return body;
}

Json policy_body(const UpdatePolicy& policy) {
  Json body = {{"Parallelism", policy.parallelism}, {"MaxFailureRatio", policy.max_failure_ratio}};
  if (policy.delay.count() != 0) body["Delay"] = policy.delay.count();
  if (policy.monitor.count() != 0) body["Monitor"] = policy.monitor.count();
  set_given(body, "FailureAction", policy.failure_action);
  set_given(body, "Order", policy.order);
  return body;
}

Json endpoint_body(const ServiceSpec& spec) {
  Json body = Json::object();
  set_given(body, "Mode", spec.endpoint_mode);
  for (const ServicePort& port : spec.ports) {
    Json one = {
        {"Protocol", port.protocol}, {"TargetPort", port.target}, {"PublishMode", port.host ? "host" : "ingress"}};
    if (port.published != 0) one["PublishedPort"] = port.published;
    body["Ports"].push_back(std::move(one));
  }
  return body;
}

}  // namespace

Json service_body(const ServiceSpec& spec, ApiVersion version) {
  Json body = {{"Name", spec.name}, {"TaskTemplate", task_body(spec, version)}};
  set_given(body, "Labels", spec.labels);
  if (spec.global) body["Mode"]["Global"] = Json::object();
  if (!spec.global) body["Mode"]["Replicated"]["Replicas"] = spec.replicas;
  if (spec.update) body["UpdateConfig"] = policy_body(*spec.update);
  if (spec.rollback) body["RollbackConfig"] = policy_body(*spec.rollback);
  set_given(body, "EndpointSpec", endpoint_body(spec));
  return body;
}

}  // namespace slipway::docker
