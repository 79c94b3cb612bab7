#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/rollouts/stages.hpp"

/// What a host should run against what it shows. All of planning, rolling out, rolling back and recovery rests on this
/// comparison, so each of them can be broken off and begun again.
namespace slipway::rollouts {

/// A container that a generation asks for on every host, or a service that it asks of a swarm.
struct Wanted {
  std::string name;  ///< <application>-<service>-g<generation>-<replica>, or <application>_<service>
  std::string service;
  std::size_t replica = 1;
  std::int64_t generation = 0;  ///< the one in which this service last changed
  std::string spec_hash;
  std::string image;
  bool completes = false;  ///< it is right when it has ended with exit code 0, not when it runs
  bool adopted = false;    ///< Docker Compose's container that was given this name is right, too
};

/// A volume that nobody gave a name, and where it is mounted.
struct AnonymousVolume {
  std::string name;
  std::string target;
  friend bool operator==(const AnonymousVolume&, const AnonymousVolume&) = default;
};

/// A container of the application on a host.
struct Shown {
  std::string id;
  std::string name;
  std::string service;
  std::int64_t generation = 0;
  std::size_t replica = 0;
  std::string spec_hash;
  std::string image;
  std::string digest;
  std::int64_t rollout = 0;   ///< that made it
  bool recorded = false;      ///< it carries a record of the generation it was made for
  bool from_compose = false;  ///< Docker Compose made it, so its name says what labels say of others
  bool running = false;
  bool completed = false;                 ///< it ran, and ended with exit code 0
  std::string status;                     ///< the Engine's word: running, exited, …
  Health health = Health::unknown;        ///< HEALTHCHECK's word, unknown without one
  std::vector<std::uint16_t> host_ports;  ///< none is told of one that restarts
  std::vector<AnonymousVolume> anonymous;
  std::vector<std::string> writes;  ///< volumes that it has mounted and may write to, by their names on the host
};

struct Difference {
  std::vector<Wanted> missing;       ///< to be created
  std::vector<Shown> asleep;         ///< wanted, there, not running
  std::vector<Shown> right;          ///< wanted and running, or completed
  std::vector<Shown> surplus;        ///< running and not wanted
  std::vector<Shown> spent;          ///< not running and not wanted
  std::vector<std::string> clashes;  ///< names that a container of another spec has
  /// Nothing is to be done, old stopped containers aside.
  [[nodiscard]] bool none() const { return missing.empty() && asleep.empty() && surplus.empty() && clashes.empty(); }
};

Difference difference(const std::vector<Wanted>& wanted, const std::vector<Shown>& shown);

/// Whether it is what `wanted` asks for, its name aside.
bool made_for(const Shown& there, const Wanted& wanted);

/// Stopped containers that no kept generation asks for, or that have lost the name by which it would find them.
std::vector<Shown> to_prune(const Difference& difference, const std::vector<std::int64_t>& kept_generations);

/// The name of a container; Compose's own rule for service names keeps it valid.
std::string container_name(const std::string& application, const std::string& service, std::int64_t generation,
                           std::size_t replica);

/// What such a name says.
struct NamedContainer {
  std::int64_t generation = 0;
  std::size_t replica = 0;
};
/// Absent: it is none of this service.
std::optional<NamedContainer> parse_container_name(std::string_view name, const std::string& application,
                                                   const std::string& service);
/// The name of a swarm's service.
std::string swarm_service_name(const std::string& application, const std::string& service);

}  // namespace slipway::rollouts
