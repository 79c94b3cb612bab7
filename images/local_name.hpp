#pragma once
#include "docker-client/images.hpp"
#include "images/reference.hpp"

namespace slipway::images {

/// Whether the Engine has `image` under this very name: as a tag, or by digest as its repository's. Engines find an
/// image by the beginning of its id as well (Engine API, ImageInspect), which looks like a name.
bool goes_by(const docker::Image& image, const Reference& name);

/// Whether a registry has said that `name`'s repository has it: it was pulled from there, or pushed. An Engine that
/// keeps images in containerd says so of every tag.
bool known_to_registry(const docker::Image& image, const Reference& name);

}  // namespace slipway::images
