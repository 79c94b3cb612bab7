#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.hpp"
#include "docker-client/container_spec.hpp"

/// What the Engine says about containers.
namespace slipway::docker {

enum class ContainerStatus { created, running, paused, restarting, removing, exited, dead, unknown };
ContainerStatus parse_container_status(std::string_view text);
std::string_view name_of(ContainerStatus status);

struct Health {
  enum class Status { none, starting, healthy, unhealthy };
  Status status = Status::none;  ///< none: there is no health check
  int failing_streak = 0;
  static constexpr std::size_t most_output = 4096;  ///< bytes; the Engine's own limit, over which it cuts
  std::string last_output;                          ///< of the newest probe
  std::optional<int> last_exit_code;
};

struct ContainerState {
  ContainerStatus status = ContainerStatus::unknown;
  bool running = false;     ///< also true while paused or restarting
  bool oom_killed = false;  ///< can come with any exit code; 137 alone does not mean it
  bool dead = false;
  int exit_code = 0;  ///< means something only once it has started and ended, or its start failed (126, 127, 128)
  int pid = 0;
  std::string error;               ///< of a failed start
  std::optional<Time> started_at;  ///< unset: never started
  std::optional<Time>
      finished_at;  ///< of the last run; unset: never ended. May lie before the start of a run of a few ms
  Health health;
};

struct MountPoint {
  std::string type, name, source, target, driver, mode;
  bool writable = true;
};

struct NetworkEndpoint {
  std::string network_id, ipv4, ipv6, gateway, mac_address;
  std::vector<std::string> aliases;
};

/// GET /containers/{id}/json.
struct Container {
  std::string id;
  std::string name;  ///< without the slash
  std::optional<Time> created_at;
  std::string image_id;  ///< "sha256:…": the config id of what it runs
  int restart_count = 0;
  ContainerState state;
  std::vector<MountPoint> mounts;
  std::map<std::string, NetworkEndpoint> networks;  ///< by network name
  std::vector<PublishedPort> ports;                 ///< as bound; empty host_port never occurs here
  std::string platform;

  /// As configured: what drift is measured against. Mounts here are those asked for.
  struct Config {
    std::string image;  ///< the reference it was created from
    std::vector<std::string> entrypoint, command, env;
    Labels labels;  ///< with those of the image
    std::string user, workdir, hostname, stop_signal;
    std::optional<int> stop_timeout_seconds;
    bool tty = false, open_stdin = false, network_disabled = false;
    std::string network_mode;
    RestartPolicy restart;
    Limits limits;
    std::vector<std::string> cap_add, cap_drop, security_options, extra_hosts, dns;
    std::vector<PublishedPort> ports;
    bool privileged = false, read_only_root = false, auto_remove = false;
    LogConfig log;
  } config;
};

/// One row of GET /containers/json.
struct ContainerSummary {
  std::string id;
  std::string name;
  std::string image, image_id, command;
  std::optional<Time> created_at;
  ContainerStatus state = ContainerStatus::unknown;
  std::string status;  ///< in words: "Up 3 minutes (healthy)"
  Labels labels;
  std::vector<PublishedPort> ports;
  std::vector<MountPoint> mounts;
  std::map<std::string, NetworkEndpoint> networks;
};

/// One reading of what it uses.
struct ContainerStats {
  std::optional<Time> read_at;
  std::uint64_t cpu_nanoseconds = 0;         ///< since its start
  std::uint64_t system_cpu_nanoseconds = 0;  ///< of the whole host
  int online_cpus = 0;
  std::uint64_t memory_bytes = 0;  ///< without the page cache that can be dropped, as `docker stats` shows it
  std::uint64_t memory_limit_bytes = 0;
  std::uint64_t memory_peak_bytes = 0;  ///< 0 where the kernel doesn't say (cgroup v2)
  std::uint64_t pids = 0;
};

Container container_from(const nlohmann::json& inspect);
ContainerSummary container_summary_from(const nlohmann::json& row);
ContainerStats container_stats_from(const nlohmann::json& stats);

}  // namespace slipway::docker
