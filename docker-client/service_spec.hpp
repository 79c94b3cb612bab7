#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "docker-client/container_spec.hpp"

/// All that a service of a swarm is made from. Fields left alone are the Engine's defaults.
namespace slipway::docker {

/// How a swarm takes the tasks of a service from one specification to the next, or back.
struct UpdatePolicy {
  std::uint64_t parallelism = 1;                ///< tasks at a time; 0: all
  std::chrono::nanoseconds delay{}, monitor{};  ///< zero monitor: the Engine's 5 s
  std::string failure_action;                   ///< "pause", "continue"; of an update also "rollback"
  double max_failure_ratio = 0;
  std::string order;  ///< "stop-first" or "start-first"
};

/// When a task that ended is made anew.
struct TaskRestart {
  std::string condition;  ///< "none", "on-failure", "any"
  std::optional<std::chrono::nanoseconds> delay, window;
  std::uint64_t max_attempts = 0;  ///< 0: no limit
};

struct Placement {
  std::vector<std::string> constraints;  ///< "node.role==worker"
  std::vector<std::string> spread;       ///< over the values of "node.labels.zone"
  std::uint64_t max_replicas = 0;        ///< on a node; 0: no limit
};

struct ServicePort {
  std::uint16_t target = 0;
  std::uint16_t published = 0;  ///< 0: the swarm chooses
  std::string protocol = "tcp";
  bool host = false;  ///< on the nodes that run a task; else on all, through the ingress network
};

/// A secret or config as a task sees it.
struct GrantedFile {
  std::string id, name;
  std::string target;  ///< of a secret: below /run/secrets, unless it is a path
  int uid = 0, gid = 0;
  unsigned mode = 0444;
};

struct ServiceSpec {
  explicit ServiceSpec(ContainerSpec container) : task(std::move(container)) {}

  std::string name;
  Labels labels;  ///< of the service; those of `task` are its containers'
  /// Of it count: image, platform, entrypoint, command, env, labels, workdir, user, hostname, groups, tty, open_stdin,
  /// healthcheck, stop_signal, stop_timeout_seconds, init, read_only_root, mounts, networks by name and aliases,
  /// extra_hosts, dns…, sysctls, ulimits, cap_add, cap_drop, log and of limits cpus, memory, its reservation and pids.
  ContainerSpec task;
  bool global = false;  ///< a task on every node, whatever `replicas` says
  std::uint64_t replicas = 1;
  double reserved_cpus = 0;
  TaskRestart restart;
  Placement placement;
  std::optional<UpdatePolicy> update, rollback;
  std::vector<ServicePort> ports;
  std::string endpoint_mode;  ///< "vip" or "dnsrr"
  std::vector<GrantedFile> secrets, configs;
};

/// The body of POST /services/create and of an update.
nlohmann::json service_body(const ServiceSpec& spec, ApiVersion version);

}  // namespace slipway::docker
