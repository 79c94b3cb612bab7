#pragma once
#include "base/json.hpp"
#include "docker-client/images.hpp"

/// The Engine's answers about images, as values. Missing or odd fields read as empty.
namespace slipway::docker {

Image image_from(const Json& inspected);
ImageSummary image_summary_from(const Json& listed);
RemovedImage removed_from(const Json& entries);

}  // namespace slipway::docker
