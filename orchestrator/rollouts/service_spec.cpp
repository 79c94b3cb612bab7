#include "orchestrator/rollouts/service_spec.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts {
namespace {

/// The hash must not change because an Engine was updated. From this version on the request names all networks.
constexpr docker::ApiVersion hash_version{1, 44};

std::string network_name(const Application& application, const std::string& key) {
  const auto found = std::find_if(application.networks.begin(), application.networks.end(),
                                  [&](const Network& one) { return one.key == key; });
  return found == application.networks.end() ? key : found->name;
}

docker::Mount mount_of(const Application& application, const VolumeMount& from) {
  docker::Mount mount;
  mount.target = from.target;
  mount.read_only = from.read_only;
  switch (from.kind) {
    case VolumeMount::Kind::volume:
      mount.type = docker::Mount::Type::volume;
      if (!from.source.empty()) mount.source = volume_name(application, from.source);
      mount.no_copy = from.no_copy;
      break;
    case VolumeMount::Kind::bind:
      mount.type = docker::Mount::Type::bind;
      mount.source = from.source;
      mount.create_host_path = from.create_host_path;
      mount.propagation = from.propagation;
      break;
    case VolumeMount::Kind::tmpfs:
      mount.type = docker::Mount::Type::tmpfs;
      mount.tmpfs_bytes = from.tmpfs_size;
      mount.tmpfs_mode = from.tmpfs_mode.value_or(0);
      break;
  }
  return mount;
}

docker::RestartPolicy restart_of(const RestartPolicy& from) {
  docker::RestartPolicy policy;
  using Kind = docker::RestartPolicy::Kind;
  if (from.name == "always") policy.kind = Kind::always;
  if (from.name == "unless-stopped") policy.kind = Kind::unless_stopped;
  if (from.name == "on-failure") policy.kind = Kind::on_failure;
  policy.maximum_retries = from.max_attempts;
  return policy;
}

docker::Healthcheck healthcheck_of(const Healthcheck& from) {
  docker::Healthcheck check;
  if (from.disabled) {
    check.test = {"NONE"};
    return check;
  }
  check.test = from.test;
  check.interval = from.interval.value_or(Milliseconds(0));
  check.timeout = from.timeout.value_or(Milliseconds(0));
  check.start_period = from.start_period.value_or(Milliseconds(0));
  check.retries = from.retries;
  return check;
}

void set_networks(docker::ContainerSpec& spec, const Application& application, const Service& service) {
  if (service.no_network) {
    spec.network_mode = "none";
    return;
  }
  for (const NetworkUse& use : service.networks) {
    docker::NetworkAttachment attachment;
    attachment.network = network_name(application, use.network);
    attachment.aliases = use.aliases;
    attachment.aliases.insert(attachment.aliases.begin(), service.name);
    attachment.ipv4 = use.ipv4_address;
    attachment.ipv6 = use.ipv6_address;
    spec.networks.push_back(std::move(attachment));
  }
  if (!spec.networks.empty()) spec.network_mode = spec.networks.front().network;
}

void set_resources(docker::ContainerSpec& spec, const Service& service) {
  spec.limits.cpus = static_cast<double>(service.resources.nano_cpus) / 1e9;
  spec.limits.memory_bytes = service.resources.memory;
  spec.limits.memory_reservation_bytes = service.resources.memory_reservation;
  spec.limits.pids = service.resources.pids;
  spec.shm_bytes = service.shm_size;
  spec.sysctls = service.sysctls;
  for (const Ulimit& one : service.ulimits) spec.ulimits.push_back({one.name, one.soft, one.hard});
}

void set_process(docker::ContainerSpec& spec, const Service& service) {
  spec.entrypoint = service.entrypoint;
  spec.command = service.command;
  for (const auto& [name, value] : service.environment) spec.env.push_back(name + "=" + value);
  spec.workdir = service.working_dir;
  spec.user = service.user;
  spec.hostname = service.hostname;
  spec.domainname = service.domainname;
  spec.groups = service.group_add;
  spec.tty = service.tty;
  spec.open_stdin = service.stdin_open;
  spec.stop_signal = service.stop_signal;
  if (service.stop_grace_period) {
    spec.stop_timeout_seconds =
        static_cast<int>(std::ceil(static_cast<double>(service.stop_grace_period->count()) / 1000.0));
  }
  spec.init = service.init;
  if (service.healthcheck) spec.healthcheck = healthcheck_of(*service.healthcheck);
  spec.restart = restart_of(service.restart);
}

void set_security(docker::ContainerSpec& spec, const Service& service) {
  spec.cap_add = service.cap_add;
  spec.cap_drop = service.cap_drop;
  spec.security_options = service.security_options;
  spec.read_only_root = service.read_only;
}

}  // namespace

std::string volume_name(const Application& application, const std::string& key) {
  const auto found = std::find_if(application.volumes.begin(), application.volumes.end(),
                                  [&](const Volume& one) { return one.key == key; });
  return found == application.volumes.end() ? key : found->name;
}

docker::ContainerSpec task_spec(const Application& application, const Service& service, const std::string& image) {
  docker::ContainerSpec spec(image);
  spec.platform = service.platform;
  set_process(spec, service);
  set_security(spec, service);
  set_resources(spec, service);
  set_networks(spec, application, service);
  for (const PortMapping& port : service.ports) {
    spec.ports.push_back({port.target, port.protocol, port.host_ip, port.published});
  }
  spec.exposed = service.expose;
  spec.extra_hosts = service.extra_hosts;
  spec.dns = service.dns;
  spec.dns_search = service.dns_search;
  spec.dns_options = service.dns_options;
  for (const VolumeMount& mount : service.volumes) spec.mounts.push_back(mount_of(application, mount));
  if (service.logging) spec.log = {service.logging->driver, service.logging->options};
  spec.labels = service.labels;
  return spec;
}

docker::Labels owner_labels(const Application& application, const Maker& maker) {
  return {{std::string(label::instance), maker.instance}, {std::string(label::application), application.name}};
}

std::string digest_of(const std::string& image) {
  const auto at = image.rfind('@');
  return at == std::string::npos ? std::string() : image.substr(at + 1);
}

namespace {

docker::ContainerSpec body_of(const Application& application, const Service& service, const std::string& image) {
  docker::ContainerSpec spec = task_spec(application, service, image);
  if (!service.secrets.empty()) {
    // Files are put there between create and start; a volume takes them even where the root is read-only.
    docker::Mount mount;
    mount.target = std::string(secrets_folder);
    mount.no_copy = true;
    spec.mounts.push_back(std::move(mount));
  }
  return spec;
}

}  // namespace

docker::ContainerSpec container_spec(const Application& application, const Service& service, const Wanted& wanted,
                                     const Maker& maker) {
  docker::ContainerSpec spec = body_of(application, service, wanted.image);
  spec.name = wanted.name;
  spec.labels.merge(owner_labels(application, maker));
  spec.labels[std::string(label::service)] = service.name;
  spec.labels[std::string(label::replica)] = std::to_string(wanted.replica);
  spec.labels[std::string(label::generation)] = std::to_string(wanted.generation);
  spec.labels[std::string(label::spec_hash)] = wanted.spec_hash;
  spec.labels[std::string(label::rollout)] = std::to_string(maker.rollout);
  spec.labels[std::string(label::digest)] = digest_of(wanted.image);
  return spec;
}

docker::ContainerSpec one_shot_spec(const Application& application, const Service& service, const std::string& image,
                                    const std::vector<std::string>& run, const Maker& maker) {
  docker::ContainerSpec spec = body_of(application, service, image);
  spec.entrypoint = {run.front()};
  spec.command = std::vector<std::string>(run.begin() + 1, run.end());
  spec.tty = spec.open_stdin = false;
  spec.healthcheck = docker::Healthcheck();
  spec.healthcheck->test = {"NONE"};
  spec.restart = docker::RestartPolicy();
  spec.ports.clear();
  spec.hostname.clear();
  // Nobody who asks for the service by its name may find this.
  for (docker::NetworkAttachment& network : spec.networks) {
    network.aliases.clear();
    network.ipv4.clear();
    network.ipv6.clear();
  }
  spec.labels = owner_labels(application, maker);
  spec.labels[std::string(label::rollout)] = std::to_string(maker.rollout);
  spec.labels[std::string(label::service)] = service.name;
  return spec;
}

docker::NetworkSpec network_spec(const Application& application, const Network& network, const Maker& maker) {
  docker::NetworkSpec spec(network.name);
  if (!network.driver.empty()) spec.driver = network.driver;
  spec.options = network.driver_options;
  spec.internal = network.internal;
  spec.attachable = network.attachable;
  spec.ipv6 = network.enable_ipv6;
  for (const Network::Subnet& one : network.subnets) spec.pools.push_back({one.subnet, one.gateway, one.ip_range});
  spec.labels = network.labels;
  const std::string hash = sha256_hex(dump_json(create_body(spec)));
  spec.labels.merge(owner_labels(application, maker));
  spec.labels[std::string(label::spec_hash)] = hash;
  return spec;
}

docker::VolumeSpec volume_spec(const Application& application, const Volume& volume, const Maker& maker) {
  docker::VolumeSpec spec;
  spec.name = volume.name;
  if (!volume.driver.empty()) spec.driver = volume.driver;
  spec.options = volume.driver_options;
  spec.labels = volume.labels;
  const Json all = {{"driver", spec.driver}, {"options", spec.options}, {"labels", spec.labels}};
  spec.labels.merge(owner_labels(application, maker));
  spec.labels[std::string(label::spec_hash)] = sha256_hex(dump_json(all));
  return spec;
}

std::string spec_hash(const Application& application, const Service& service, const std::string& image,
                      const std::string& file_hashes) {
  const docker::ContainerSpec spec = body_of(application, service, image);
  return sha256_hex(dump_json(create_body(spec, hash_version)) + '\0' + spec.platform + '\0' + file_hashes);
}

}  // namespace slipway::rollouts
