#include "images/identity.hpp"

namespace slipway::images {
namespace {

Result<void> check_digest(const std::string& digest, const char* what) {
  if (is_digest(digest)) return {};
  return fail(Error::Kind::protocol, "'" + digest.substr(0, 200) + "' is no digest of " + what);
}

}  // namespace

Result<BuiltImage> BuiltImage::from(const docker::BuildOutcome& outcome) {
  return restore(outcome.image_id);
}

Result<BuiltImage> BuiltImage::restore(std::string config_id) {
  if (Result<void> good = check_digest(config_id, "an image's configuration"); !good) return fail(good.error());
  return BuiltImage(std::move(config_id));
}

Result<PushedImage> PushedImage::from(const BuiltImage& image, const Reference& target, const docker::Pushed& pushed) {
  return restore(image, target, pushed.digest);
}

Result<PushedImage> PushedImage::restore(const BuiltImage& image, const Reference& target, std::string digest) {
  if (!image) return fail(Error::Kind::invalid, "no image is to be " + target.text());
  if (target.tag.empty()) return fail(Error::Kind::invalid, "a push needs a tag: " + target.text());
  if (Result<void> good = check_digest(digest, "a manifest"); !good) return fail(good.error());
  return PushedImage(image, *target.with_digest(digest), target.tag);
}

Result<PinnedImage> PinnedImage::from(const Reference& reference) {
  if (reference.digest.empty()) {
    return fail(Error::Kind::invalid, reference.text() + " is not pinned: it has no digest");
  }
  Result<Reference> pinned = reference.with_digest(reference.digest);
  if (!pinned) return fail(pinned.error());
  return PinnedImage(std::move(*pinned));
}

}  // namespace slipway::images
