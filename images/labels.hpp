#pragma once
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "docker-client/filters.hpp"
#include "images/reference.hpp"

namespace slipway::images {

/// Where an image comes from.
struct Origin {
  Origin() = default;
  std::string commit;   ///< full id
  std::string source;   ///< the repository's URL; credentials, query and fragment are cut off
  std::string version;  ///< a tag's name; empty: the commit
  std::string title;
  /// Give the commit's time, not the wall's: the label is part of the image, and the same commit should give the same
  /// config id.
  std::optional<Time> created;
  std::optional<Reference> base;  ///< what it is built on; where that has no digest, which one it was is not known
};

/// The `org.opencontainers.image.*` annotations (OCI image-spec, annotations.md) that can be told from `origin`; an
/// empty field makes no label.
docker::Labels image_labels(const Origin& origin);

}  // namespace slipway::images
