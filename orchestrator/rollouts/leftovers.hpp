#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "docker-client/containers.hpp"
#include "docker-client/engine.hpp"
#include "docker-client/images.hpp"
#include "docker-client/networks.hpp"
#include "orchestrator/rollouts/parts.hpp"
#include "orchestrator/rollouts/traffic.hpp"

/// What generations have left on hosts that nothing needs any more: images that were pulled for them, and networks. All
/// of it is told by the store, looked for on the host and removed by name without force, so it can be broken off
/// anywhere and begun again.
namespace slipway::rollouts {

/// What an application's generations have had, and what may be asked for again.
struct StillNeeded {
  std::set<std::string> had;       ///< images of its newest generations, "docker.io/library/busybox@sha256:…"
  std::set<std::string> images;    ///< of the promoted one, of those kept for a rollback, of what is under way
  std::set<std::string> networks;  ///< likewise, by name
};

awaitable<Result<StillNeeded>> needed_by(Parts& parts, std::string application);

/// An image that is to go by all of its names.
struct OldImage {
  std::string id;
  std::vector<std::string> names;
  std::int64_t size = 0;
};

/// Those of an Engine's images that `needed.had`, under every name they have, and that nothing of `needed` is. One with
/// a tag is somebody else's, too; one without a name may be anybody's.
std::vector<OldImage> old_images(const std::vector<docker::ImageSummary>& there, const StillNeeded& needed);

/// Those of the application's own networks, as the Engine lists them by its labels, that nothing of `needed` is. Those
/// of a swarm are no host's.
std::vector<docker::Network> old_networks(const std::vector<docker::Network>& there, const StillNeeded& needed);

struct Removed {
  std::vector<std::string> images, networks;  ///< by their names
  std::int64_t bytes = 0;                     ///< what the images had, layers that others share included
};

/// On one host. Never what a container has, running or not, whoever made it, nor an image that another application may
/// yet ask for. What the Engine refuses to remove stays. `may_go` is asked right before each removal; "no" ends it.
awaitable<Result<Removed>> remove_leftovers(Parts& parts, Place place, StillNeeded needed,
                                            std::function<bool()> may_go);

}  // namespace slipway::rollouts
