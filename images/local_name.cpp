#include "images/local_name.hpp"

#include <algorithm>

namespace slipway::images {
namespace {

bool same_tag(const std::string& text, const Reference& name) {
  const Result<Reference> tagged = parse_reference(text);
  return tagged && tagged->repository() == name.repository() && tagged->target() == name.target();
}

/// Its digest in a repository, as the Engine writes it.
bool same_repository(const std::string& text, const Reference& name) {
  const Result<Reference> pinned = parse_reference(text);
  return pinned && pinned->repository() == name.repository() && (name.digest.empty() || pinned->digest == name.digest);
}

}  // namespace

bool goes_by(const docker::Image& image, const Reference& name) {
  if (!name.digest.empty()) return known_to_registry(image, name);
  return std::any_of(image.repo_tags.begin(), image.repo_tags.end(),
                     [&](const std::string& tag) { return same_tag(tag, name); });
}

bool known_to_registry(const docker::Image& image, const Reference& name) {
  return std::any_of(image.repo_digests.begin(), image.repo_digests.end(),
                     [&](const std::string& digest) { return same_repository(digest, name); });
}

}  // namespace slipway::images
