#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "docker-client/filters.hpp"
#include "docker-client/message.hpp"

/// All that a container is created from. Fields left alone are the image's or the Engine's defaults.
namespace slipway::docker {

struct Mount {
  enum class Type { bind, volume, tmpfs };

  Type type = Type::volume;
  std::string source;  ///< bind: a path on the engine's host. volume: its name, empty for an anonymous one
  std::string target;  ///< absolute path in the container
  bool read_only = false;
  bool create_host_path = false;  ///< bind: make a missing source, as `-v` does; else it is an error
  std::string propagation;        ///< bind: "rprivate" …
  bool no_copy = false;           ///< volume: don't fill a new one with the image's files
  std::string subpath;            ///< volume: a folder in it (API 1.45)
  std::string driver;             ///< volume: of a volume that this mount creates
  std::map<std::string, std::string> driver_options;
  Labels labels;                 ///< volume: likewise
  std::int64_t tmpfs_bytes = 0;  ///< tmpfs: 0 is no limit
  unsigned tmpfs_mode = 0;       ///< tmpfs: 0 is 1777
};

/// What a container is in one network.
struct NetworkAttachment {
  std::string network;
  std::vector<std::string> aliases;
  std::string ipv4, ipv6;  ///< fixed addresses
  std::vector<std::string> link_local_ips;
  std::map<std::string, std::string> driver_options;
  std::string mac_address;   ///< API 1.44
  int gateway_priority = 0;  ///< API 1.48
};

struct PublishedPort {
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";
  std::string host_ip;    ///< empty: all addresses
  std::string host_port;  ///< empty: any that is free; a range "8000-8010" is allowed
};

struct Healthcheck {
  /// {"CMD", program, arguments…}, {"CMD-SHELL", text} or {"NONE"}; empty: the image's.
  std::vector<std::string> test;
  std::chrono::nanoseconds interval{}, timeout{}, start_period{};  ///< zero: inherited; else at least 1 ms
  std::chrono::nanoseconds start_interval{};                       ///< API 1.44
  int retries = 0;
};

struct RestartPolicy {
  enum class Kind { no, always, unless_stopped, on_failure };
  Kind kind = Kind::no;
  int maximum_retries = 0;  ///< on_failure; 0 is no limit
};

struct LogConfig {
  std::string driver;  ///< empty: the engine's default
  std::map<std::string, std::string> options;
};

struct Ulimit {
  std::string name;
  std::int64_t soft = 0, hard = 0;
};

struct Device {
  std::string host_path, container_path;
  std::string permissions = "rwm";
};

/// `--gpus` and its like.
struct DeviceRequest {
  std::string driver;
  int count = 0;  ///< -1: all
  std::vector<std::string> device_ids;
  std::vector<std::vector<std::string>> capabilities;
  std::map<std::string, std::string> options;
};

struct Limits {
  double cpus = 0;                     ///< 0: no limit
  std::int64_t memory_bytes = 0;       ///< 0: no limit
  std::int64_t memory_swap_bytes = 0;  ///< memory and swap together; 0: twice the memory; -1: no limit
  std::int64_t memory_reservation_bytes = 0;
  std::int64_t pids = 0;  ///< 0: no limit
  std::int64_t cpu_shares = 0;
  std::string cpuset;
  int blkio_weight = 0;
  std::optional<int> memory_swappiness;
};

struct ContainerSpec {
  explicit ContainerSpec(std::string reference) : image(std::move(reference)) {}

  std::string name;      ///< empty: the Engine invents one
  std::string platform;  ///< "linux/arm64"; empty: the engine's own (API 1.41)
  std::string image;

  std::optional<std::vector<std::string>> entrypoint;  ///< set, it clears the image's command too; an empty list: none
  std::optional<std::vector<std::string>> command;     ///< empty: the image's, unless `entrypoint` is set
  std::vector<std::string> env;                        ///< "NAME=value", or "NAME" to take a variable of the image away
  Labels labels;
  Labels annotations;  ///< OCI annotations (API 1.43)
  std::string workdir, user, hostname, domainname;
  std::vector<std::string> groups;  ///< supplementary
  bool tty = false;
  bool open_stdin = false;  ///< keep stdin open; with `stdin_once` until the first attached client leaves
  bool stdin_once = false;
  std::optional<Healthcheck> healthcheck;
  std::string stop_signal;
  std::optional<int> stop_timeout_seconds;  ///< grace between the stop signal and SIGKILL; unset: 10

  std::vector<Mount> mounts;
  std::map<std::string, std::string> tmpfs;  ///< path → mount options ("size=64m,mode=1777")
  std::vector<std::string> volumes_from;
  std::vector<Device> devices;
  std::vector<DeviceRequest> device_requests;
  std::vector<std::string> device_cgroup_rules;

  /// "none", "host", "container:ID", "bridge" or a network's name; empty: "default" (the engine's bridge).
  std::string network_mode;
  /// Own namespace with nothing but `lo` and an empty /etc/hosts: the quickest start there is.
  bool network_disabled = false;
  /// The first is the network of `network_mode`. Below API 1.44 the Engine takes one; the rest is connected by
  /// Containers::create itself, before anything starts.
  std::vector<NetworkAttachment> networks;
  std::vector<PublishedPort> ports;
  std::vector<std::string> exposed;      ///< "80/tcp"
  std::vector<std::string> extra_hosts;  ///< "name:address"
  std::vector<std::string> dns, dns_search, dns_options;
  std::string mac_address;  ///< below API 1.44; later it belongs to the network

  Limits limits;
  std::vector<Ulimit> ulimits;
  std::int64_t shm_bytes = 0;
  std::map<std::string, std::string> sysctls;
  int oom_score_adjust = 0;
  bool oom_kill_disable = false;
  std::string cgroup_parent, cgroup_namespace;

  std::vector<std::string> cap_add, cap_drop, security_options;
  bool no_new_privileges = false;
  bool privileged = false;
  bool read_only_root = false;
  std::optional<bool> init;  ///< unset: the engine's default
  std::string ipc_mode, pid_mode, uts_mode, userns_mode, runtime, isolation;
  std::map<std::string, std::string> storage_options;
  RestartPolicy restart;
  LogConfig log;
  bool auto_remove = false;  ///< takes the exit code with it; remove explicitly instead
};

/// The body of POST /containers/create for an Engine of `version`: what it does not know is left out, so callers that
/// depend on such a field check the version themselves.
nlohmann::json create_body(const ContainerSpec& spec, ApiVersion version);
nlohmann::json restart_body(const RestartPolicy& policy);
nlohmann::json mount_body(const Mount& mount, ApiVersion version);
nlohmann::json healthcheck_body(const Healthcheck& check, ApiVersion version);

}  // namespace slipway::docker
