#pragma once
#include <vector>

#include "docker-client/container.hpp"
#include "docker-client/container_spec.hpp"
#include "orchestrator/rollouts/difference.hpp"

/// Anonymous volumes, declared without a name in the Compose file or by an image's VOLUME: a container that takes the
/// place of another gets that one's, as Compose does it, so that data in them outlives the container. Pure.
namespace slipway::rollouts {

/// Those of a container, but for the one that holds its secrets.
std::vector<AnonymousVolume> anonymous_volumes(const std::vector<docker::MountPoint>& mounts);

/// Gives `spec` the anonymous volumes of the container that `wanted` takes the place of: of those of its service and
/// replica on this host the one that runs, else the newest. Where the file mounts something else, that stays.
void carry_volumes(docker::ContainerSpec& spec, const Wanted& wanted, const Difference& on_host);

}  // namespace slipway::rollouts
