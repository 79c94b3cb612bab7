#pragma once
#include <string>
#include <vector>

#include "docker-client/services.hpp"
#include "tests/integration/rollouts/fleet/fleet.hpp"

namespace slipway::rollouts {

/// A real swarm of the rig's hosts, all of them managers, for as long as it lives. The fleet knows it as "swarm".
class TestSwarm {
 public:
  explicit TestSwarm(Fleet& fleet);
  ~TestSwarm();
  TestSwarm(const TestSwarm&) = delete;
  TestSwarm& operator=(const TestSwarm&) = delete;

  docker::Engine& manager(const std::string& host = "h1");
  docker::Service service(const std::string& name);
  /// All that the swarm remembers.
  std::vector<docker::Task> tasks(const std::string& service);
  /// As somebody with `docker service update` does: `spec` is the Engine's JSON.
  Result<void> change(const docker::Service& service, const std::string& spec);
  /// What the hosts answer at this port, in order; those that answer nothing have "".
  std::vector<std::string> served(int port);

 private:
  void form();
  void leave();

  Fleet& fleet_;
};

}  // namespace slipway::rollouts
