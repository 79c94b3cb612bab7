#pragma once
#include <string>
#include <vector>

#include "orchestrator/rollouts/plan.hpp"
#include "orchestrator/rollouts/swarm/verdict.hpp"

namespace slipway::rollouts::swarm {

struct SwarmPlanInput {
  std::string swarm;  ///< its name in the settings
  Application application;
  std::vector<Wanted> wanted;  ///< of the new generation
  bool has_previous = false;   ///< a promoted generation that is on a swarm, too
  bool rollback = false;       ///< to a generation that was promoted before
  bool reachable = true;
  std::vector<ServiceView> services;  ///< what the swarm has of the application
  std::size_t nodes = 1;
};

/// How a rollout onto a swarm goes, for the same machine as one onto hosts: the swarm is its only host.
Plan make_swarm_plan(const SwarmPlanInput& input);

/// How long the swarm may take for all services: each batch of tasks has health_deadline, beyond what the file makes it
/// wait. Where services wait for one another it is the sum, else the longest.
Milliseconds time_to_settle(const Application& application, std::size_t nodes);

}  // namespace slipway::rollouts::swarm
