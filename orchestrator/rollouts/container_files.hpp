#pragma once
#include <string>

#include "base/async.hpp"
#include "docker-client/archives.hpp"

namespace slipway::rollouts {

/// Unpacks `tar` in a folder of a container, by its absolute path. What its image does not have of that path is made,
/// with mode 0755 and root's; what it has stays as it is. Symlinks in the path are followed within the container, also
/// to where nothing is yet.
awaitable<Result<void>> put_files(docker::Archives& archives, std::string container, std::string folder,
                                  std::string tar);

}  // namespace slipway::rollouts
