#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "docker-client/engine.hpp"

namespace slipway::rollouts {

/// A host as the daemon's settings declare it.
struct HostSettings {
  std::string name;
  docker::Endpoint endpoint;
  std::string address;              ///< where its published ports answer; empty: see address_of
  std::vector<std::string> groups;  ///< that it is in
};

/// A swarm that may be rolled out to.
struct SwarmSettings {
  std::string name;
  std::vector<std::string> managers;  ///< names of hosts; any of them is spoken to
};

/// What a look at a host's Engine gave.
struct HostStatus {
  std::string name;
  std::string endpoint;
  std::vector<std::string> groups;
  bool reachable = false;
  std::string reason;  ///< why not
  std::string engine_version;
  std::map<std::string, std::size_t> applications;  ///< name → its running containers
};

/// The hosts that may be rolled out to, and an Engine for each, which connects at its first use. Owns the Engines, and
/// must outlive whoever works on them.
class HostDirectory {
 public:
  /// `fleet` marks the containers that are ours, and is borrowed: it may change.
  HostDirectory(Executor executor, const std::string& fleet, std::vector<HostSettings> hosts,
                std::vector<SwarmSettings> swarms = {});

  /// Groups and hosts by name, each host once, in the order of the settings. A swarm, alone, is itself. A name that is
  /// none of these is Kind::not_found and lists those there are.
  [[nodiscard]] Result<std::vector<std::string>> resolve(const std::vector<std::string>& targets) const;
  [[nodiscard]] const HostSettings* find(const std::string& name) const;
  [[nodiscard]] const std::vector<HostSettings>& hosts() const { return settings_; }
  [[nodiscard]] const std::vector<SwarmSettings>& swarms() const { return swarms_; }
  /// Null if there is none of that name.
  [[nodiscard]] const SwarmSettings* swarm(const std::string& name) const;
  /// The Engine of a manager that answers and can speak for the swarm: the one before, as long as it does. Each has
  /// three seconds. Kind::unavailable says why none does, Kind::not_found that the settings don't have the swarm (any
  /// more).
  awaitable<Result<docker::Engine*>> manager(std::string swarm);
  /// Kind::not_found for a host that the settings don't have (any more).
  Result<docker::Engine*> engine(const std::string& name);
  /// Where an HTTP gate finds it: the setting, else the endpoint's own host, else (a socket) 127.0.0.1.
  [[nodiscard]] std::string address_of(const std::string& name) const;

  /// Asks every host, all at the same time; one that does not answer within `limit` is not reachable.
  awaitable<std::vector<HostStatus>> status(Duration limit = std::chrono::seconds(5));

 private:
  awaitable<Result<HostStatus>> look(HostSettings settings);

  const std::string& fleet_;
  std::vector<HostSettings> settings_;
  std::map<std::string, std::unique_ptr<docker::Engine>> engines_;
  std::vector<SwarmSettings> swarms_;
  std::map<std::string, std::string> spoken_to_;  ///< swarm → the manager that answered last
};

}  // namespace slipway::rollouts
