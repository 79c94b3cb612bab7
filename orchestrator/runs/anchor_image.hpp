#pragma once
#include <string>
#include <string_view>

#include "docker-client/images.hpp"

namespace slipway::runs {

/// The static program orchestrator/runs/anchor, as it was built with the daemon.
std::string_view anchor_program();

/// A plain tar with that program as its one file, "anchor".
std::string anchor_tar();

/// The image made of it, `localhost/slipway/anchor:<hash>`: brought into the engine if it is not there (no registry is
/// asked). Gives its config id. Borrows `images` for the time of the call.
awaitable<Result<std::string>> ensure_anchor_image(docker::Images& images, std::string instance);

}  // namespace slipway::runs
