#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "orchestrator/rollouts/stages.hpp"

/// One service of a Compose file, with everything that a single host or a swarm can honour (docs/applications.md has
/// the list). Values only; absent means the Engine's default.
namespace slipway::rollouts {

struct PortMapping {
  std::string host_ip;    ///< empty: all addresses
  std::string published;  ///< "8080", a range "8080-8090" to choose from, or empty: the Engine chooses
  std::uint16_t target = 0;
  std::string protocol = "tcp";  ///< tcp, udp or sctp
  bool host_mode = false;        ///< of a swarm: on the nodes that run a task only
  friend bool operator==(const PortMapping&, const PortMapping&) = default;
};

struct VolumeMount {
  enum class Kind { volume, bind, tmpfs };
  Kind kind = Kind::volume;
  std::string source;  ///< a key of the file's `volumes`, a path on the host, or empty: anonymous
  std::string target;
  bool read_only = false;
  bool no_copy = false;           ///< volume: do not fill it from the image
  bool create_host_path = false;  ///< bind: make a missing folder, as the short form does
  std::string propagation;        ///< bind
  std::int64_t tmpfs_size = 0;    ///< bytes; 0: the kernel's default
  std::optional<unsigned> tmpfs_mode;
  friend bool operator==(const VolumeMount&, const VolumeMount&) = default;
};

struct NetworkUse {
  std::string network;  ///< a key of the file's `networks`
  std::vector<std::string> aliases;
  std::string ipv4_address, ipv6_address;
  friend bool operator==(const NetworkUse&, const NetworkUse&) = default;
};

struct Dependency {
  std::string service;
  enum class Condition { started, healthy, completed };
  Condition condition = Condition::started;  ///< service_started, service_healthy, service_completed_successfully
  friend bool operator==(const Dependency&, const Dependency&) = default;
};

struct Healthcheck {
  bool disabled = false;          ///< also the image's own
  std::vector<std::string> test;  ///< as the Engine takes it: CMD … or CMD-SHELL …; empty: the image's
  std::optional<Milliseconds> interval, timeout, start_period;
  int retries = 0;
  friend bool operator==(const Healthcheck&, const Healthcheck&) = default;
};

struct RestartPolicy {
  std::string name = "always";  ///< no, always, unless-stopped, on-failure; see decision 0047
  int max_attempts = 0;
  bool given = false;  ///< the file says so
  friend bool operator==(const RestartPolicy&, const RestartPolicy&) = default;
};

struct Resources {
  std::int64_t nano_cpus = 0;
  std::int64_t memory = 0;              ///< bytes
  std::int64_t memory_reservation = 0;  ///< bytes
  std::int64_t pids = 0;
  friend bool operator==(const Resources&, const Resources&) = default;
};

struct Ulimit {
  std::string name;
  std::int64_t soft = 0, hard = 0;
  friend bool operator==(const Ulimit&, const Ulimit&) = default;
};

/// A secret or config of the file, as this service wants to see it.
struct FileGrant {
  std::string source;  ///< a key of the file's `secrets` or `configs`
  std::string target;  ///< absolute path in the container
  int uid = 0, gid = 0;
  unsigned mode = 0444;
  friend bool operator==(const FileGrant&, const FileGrant&) = default;
};

/// Variables of a service that are in a file of the checkout; see env_file.hpp.
struct EnvFile {
  std::string path;  ///< as the Compose file writes it
  bool required = true;
  bool raw = false;  ///< `format: raw`
  friend bool operator==(const EnvFile&, const EnvFile&) = default;
};

struct Logging {
  std::string driver;
  std::map<std::string, std::string> options;
  friend bool operator==(const Logging&, const Logging&) = default;
};

/// Where requests for a service come in, through the host's proxy.
struct Route {
  std::vector<std::string> hosts;  ///< in lower case, "*.example.org" for all below it; empty: whatever has no route
  std::string path = "/";          ///< requests for it and what is below it
  std::uint16_t port = 0;          ///< the container's
  std::string tls;                 ///< a certificate of the daemon's settings; empty: plain HTTP
  Milliseconds timeout{60'000};    ///< for a silent container or client in the middle of a request
  Milliseconds drain{30'000};      ///< how long an old container may finish its requests
  Milliseconds websocket_drain{60'000};  ///< likewise for WebSockets and other upgraded connections
  friend bool operator==(const Route&, const Route&) = default;
};

enum class PullPolicy { missing, always, never };

/// How a swarm takes a service's tasks to another specification.
struct SwarmUpdate {
  std::int64_t parallelism = 1;  ///< 0: all
  Milliseconds delay{0};
  std::optional<Milliseconds> monitor;
  FailureAction on_failure = FailureAction::roll_back;
  double max_failure_ratio = 0;
  std::optional<Order> order;  ///< absent: start-first where nothing forbids it
  friend bool operator==(const SwarmUpdate&, const SwarmUpdate&) = default;
};

/// What only a swarm honours of `deploy`.
struct SwarmDeploy {
  bool global = false;                        ///< a task on every node that `constraints` leave
  std::map<std::string, std::string> labels;  ///< of the service, not of its containers
  SwarmUpdate update;
  /// When it goes back; `on_failure` is pause or go_on.
  SwarmUpdate rollback{1, Milliseconds(0), std::nullopt, FailureAction::pause, 0, std::nullopt};
  std::vector<std::string> constraints, spread;
  std::int64_t max_replicas_per_node = 0;  ///< 0: no limit
  std::string endpoint_mode;               ///< vip or dnsrr
  std::int64_t reserved_nano_cpus = 0;
  std::optional<Milliseconds> restart_delay, restart_window;
  friend bool operator==(const SwarmDeploy&, const SwarmDeploy&) = default;
};

struct Service {
  std::string name;
  std::string image;     ///< as written; what runs is its digest
  std::string platform;  ///< os/arch[/variant]
  PullPolicy pull_policy = PullPolicy::missing;
  std::size_t replicas = 1;  ///< on each host

  std::optional<std::vector<std::string>> command, entrypoint;
  std::map<std::string, std::string> environment;
  std::vector<EnvFile> env_files;  ///< merged into `environment` once their contents are there
  std::map<std::string, std::string> labels;
  std::string user, working_dir, hostname, domainname, stop_signal;
  std::optional<Milliseconds> stop_grace_period;
  std::optional<bool> init;
  bool read_only = false, tty = false, stdin_open = false;
  std::vector<std::string> group_add;

  std::vector<PortMapping> ports;
  std::vector<std::string> expose;  ///< "8080/tcp"
  std::vector<VolumeMount> volumes;
  bool renew_volumes = false;  ///< those without a name: a new container does not get its predecessor's
  std::vector<NetworkUse> networks;
  bool no_network = false;  ///< network_mode: none
  std::vector<std::string> dns, dns_search, dns_options, extra_hosts;

  std::vector<Dependency> depends_on;
  bool completes = false;  ///< others wait for its success, so it is to end with exit code 0 and not to run
  std::optional<Healthcheck> healthcheck;
  RestartPolicy restart;
  Resources resources;
  std::vector<std::string> cap_add, cap_drop, security_options;
  std::map<std::string, std::string> sysctls;
  std::vector<Ulimit> ulimits;
  std::int64_t shm_size = 0;  ///< bytes
  std::optional<Logging> logging;
  std::vector<FileGrant> secrets, configs;
  std::optional<Route> route;
  std::optional<SwarmDeploy> swarm;  ///< set if the file is for a swarm

  friend bool operator==(const Service&, const Service&) = default;
};

}  // namespace slipway::rollouts
