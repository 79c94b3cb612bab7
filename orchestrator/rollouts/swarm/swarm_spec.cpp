#include "orchestrator/rollouts/swarm/swarm_spec.hpp"

#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts::swarm {
namespace {

/// The hash must not change because an Engine was updated.
constexpr docker::ApiVersion hash_version{1, 44};
constexpr std::size_t longest_name = 64;
constexpr std::size_t hash_digits = 12;

std::chrono::nanoseconds as_nanoseconds(Milliseconds time) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(time);
}

std::string word_of(FailureAction action) {
  switch (action) {
    case FailureAction::roll_back:
      return "rollback";
    case FailureAction::pause:
      return "pause";
    case FailureAction::go_on:
      break;
  }
  return "continue";
}

docker::UpdatePolicy policy_of(const SwarmUpdate& from, const Service& service) {
  docker::UpdatePolicy policy;
  policy.parallelism = static_cast<std::uint64_t>(from.parallelism);
  policy.delay = as_nanoseconds(from.delay);
  policy.monitor = as_nanoseconds(from.monitor.value_or(Milliseconds(0)));
  policy.failure_action = word_of(from.on_failure);
  policy.max_failure_ratio = from.max_failure_ratio;
  policy.order = std::string(name_of(from.order.value_or(order_of(service))));
  return policy;
}

docker::TaskRestart restart_of(const Service& service) {
  docker::TaskRestart restart;
  const std::string& name = service.restart.name;
  restart.condition = name == "no" ? "none" : name == "on-failure" ? "on-failure" : "any";
  restart.max_attempts = static_cast<std::uint64_t>(service.restart.max_attempts);
  if (service.swarm->restart_delay) restart.delay = as_nanoseconds(*service.swarm->restart_delay);
  if (service.swarm->restart_window) restart.window = as_nanoseconds(*service.swarm->restart_window);
  return restart;
}

std::uint16_t number_of(const std::string& port) {
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return number;
}

/// A swarm has no volumes of its own: each node makes them when the first task comes.
void complete_volumes(docker::ContainerSpec& task, const Application& application) {
  for (docker::Mount& mount : task.mounts) {
    if (mount.type != docker::Mount::Type::volume) continue;
    const auto volume = std::find_if(application.volumes.begin(), application.volumes.end(),
                                     [&](const Volume& one) { return one.name == mount.source; });
    if (volume == application.volumes.end() || volume->external) continue;
    mount.driver = volume->driver;
    mount.driver_options = volume->driver_options;
    mount.labels = volume->labels;
  }
}

std::vector<docker::GrantedFile> granted(const std::vector<FileGrant>& grants, const KeptFiles& files) {
  std::vector<docker::GrantedFile> all;
  for (const FileGrant& grant : grants) {
    docker::GrantedFile file;
    const auto kept = files.find(grant.source);
    if (kept != files.end()) {
      file.id = kept->second.id;
      file.name = kept->second.name;
    }
    file.target = grant.target;
    file.uid = grant.uid;
    file.gid = grant.gid;
    file.mode = grant.mode;
    all.push_back(std::move(file));
  }
  return all;
}

docker::ServiceSpec body_of(const Application& application, const Service& service, const std::string& image,
                            const KeptFiles& files) {
  docker::ServiceSpec spec(task_spec(application, service, image));
  const SwarmDeploy& deploy = *service.swarm;
  complete_volumes(spec.task, application);
  spec.labels = deploy.labels;
  spec.global = deploy.global;
  spec.replicas = service.replicas;
  spec.reserved_cpus = static_cast<double>(deploy.reserved_nano_cpus) / 1e9;
  spec.restart = restart_of(service);
  spec.placement = {deploy.constraints, deploy.spread, static_cast<std::uint64_t>(deploy.max_replicas_per_node)};
  spec.update = policy_of(deploy.update, service);
  spec.rollback = policy_of(deploy.rollback, service);
  for (const PortMapping& port : service.ports) {
    spec.ports.push_back({port.target, number_of(port.published), port.protocol, port.host_mode});
  }
  spec.endpoint_mode = deploy.endpoint_mode;
  spec.secrets = granted(service.secrets, files);
  spec.configs = granted(service.configs, files);
  return spec;
}

}  // namespace

Order order_of(const Service& service) {
  const bool holds_port = std::any_of(service.ports.begin(), service.ports.end(), [](const PortMapping& port) {
    return port.host_mode && !port.published.empty();
  });
  const bool writes = std::any_of(service.volumes.begin(), service.volumes.end(), [](const VolumeMount& mount) {
    return mount.kind == VolumeMount::Kind::volume && !mount.source.empty() && !mount.read_only;
  });
  const bool alone = service.swarm->global || service.replicas == 1;
  return holds_port || (writes && alone) ? Order::stop_first : Order::start_first;
}

docker::ServiceSpec service_spec(const Application& application, const Service& service, const Wanted& wanted,
                                 const Maker& maker, const KeptFiles& files) {
  docker::ServiceSpec spec = body_of(application, service, wanted.image, files);
  spec.name = wanted.name;
  // What made a task is told by the task itself, too: a swarm that has rolled back shows only there what it tried.
  const docker::Labels made_by = {{std::string(label::generation), std::to_string(wanted.generation)},
                                  {std::string(label::spec_hash), wanted.spec_hash},
                                  {std::string(label::rollout), std::to_string(maker.rollout)}};
  spec.task.labels.insert(made_by.begin(), made_by.end());
  // An image's own labels must not make a task anything else of slipway's on the node that it comes to.
  for (const auto key : {label::instance, label::application, label::service, label::proxy, label::hook, label::record,
                         label::run, label::lease}) {
    spec.task.labels.emplace(key, "");
  }
  spec.labels.insert(made_by.begin(), made_by.end());
  spec.labels.merge(owner_labels(application, maker));
  spec.labels[std::string(label::service)] = service.name;
  spec.labels[std::string(label::digest)] = digest_of(wanted.image);
  return spec;
}

docker::NetworkSpec overlay_spec(const Application& application, const Network& network, const Maker& maker) {
  Network overlay = network;
  overlay.driver = "overlay";
  return network_spec(application, overlay, maker);
}

std::string file_name(const std::string& application, const std::string& key, const std::string& content_hash) {
  const std::string hash = sha256_hex(application + '\0' + key + '\0' + content_hash).substr(0, hash_digits);
  return (application + "_" + key).substr(0, longest_name - hash_digits - 1) + "_" + hash;
}

std::string spec_hash(const Application& application, const Service& service, const std::string& image,
                      const std::string& file_hashes) {
  const docker::ServiceSpec spec = body_of(application, service, image, {});
  return sha256_hex(dump_json(service_body(spec, hash_version)) + '\0' + file_hashes);
}

}  // namespace slipway::rollouts::swarm
