#pragma once
#include <filesystem>
#include <memory>

#include "docker-client/message.hpp"

namespace slipway::runs {

/// A tar of all that is below `folder`, made on `pool` while it is read, a piece of 256 KiB at a time. Nothing is left
/// out (.dockerignore is for build contexts). Owner 0:0, and everybody may write: a step may run as any user. Symbolic
/// links are packed as such, never followed. `pool` must outlive the reading.
std::unique_ptr<docker::ByteSource> workspace_tar(Pool& pool, std::filesystem::path folder);

}  // namespace slipway::runs
