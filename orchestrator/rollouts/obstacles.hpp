#pragma once
#include <memory>
#include <string>
#include <vector>

#include "docker-client/container.hpp"
#include "orchestrator/rollouts/parts.hpp"
#include "orchestrator/rollouts/plan.hpp"
#include "orchestrator/rollouts/service_spec.hpp"
#include "orchestrator/rollouts/target.hpp"

/// What on a host would make a rollout fail there, found before anything is stopped for it.
namespace slipway::rollouts {

/// Kind::not_found: a secret or config can't be had any more, and a container needs it that is to be made or was never
/// started. One that has run has what it was given then. `shown`: what the host has.
Result<void> check_files(const Target& target, const PlannedHost& planned, const std::vector<Shown>& shown);

/// Kind::conflict: one of the `others`, which are other applications' running containers, has a port of the host that
/// a container asks for which is to be made or started.
Result<void> check_host_ports(const Target& target, const PlannedHost& planned,
                              const std::vector<docker::ContainerSummary>& others);

/// The first obstacle, and on which host: files, networks, volumes, ports and routes. Hosts that don't answer, and what
/// can't be found out now, are left to the rollout. `views`: what the hosts have.
awaitable<Result<void>> find_obstacles(Parts* parts, std::shared_ptr<const Target> target, Plan plan,
                                       std::vector<HostView> views, Maker maker);

}  // namespace slipway::rollouts
