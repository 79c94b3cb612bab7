#pragma once
#include <compare>
#include <string>

#include "docker-client/builds.hpp"
#include "docker-client/images.hpp"
#include "images/reference.hpp"

/// Tested = pushed = deployed, as types: a host takes a PushedImage or a PinnedImage and nothing else; a PushedImage
/// comes out of a push of a BuiltImage; a BuiltImage out of a build. None can be made from a tag. (Asio makes the
/// result of a coroutine before there is one; so they have a default value, which names nothing and is false.)
namespace slipway::images {

/// An image that a build of ours made, named by the digest of its configuration. Tests run in this id.
class BuiltImage {
 public:
  BuiltImage() = default;
  static Result<BuiltImage> from(const docker::BuildOutcome& outcome);
  /// Out of our own records.
  static Result<BuiltImage> restore(std::string config_id);

  [[nodiscard]] const std::string& config_id() const { return config_id_; }
  explicit operator bool() const { return !config_id_.empty(); }
  friend auto operator<=>(const BuiltImage&, const BuiltImage&) = default;

 private:
  explicit BuiltImage(std::string config_id) : config_id_(std::move(config_id)) {}
  std::string config_id_;
};

/// A built image as a repository has it.
class PushedImage {
 public:
  PushedImage() = default;
  /// `target` has a tag; `pushed` is the Engine's word on what it sent.
  static Result<PushedImage> from(const BuiltImage& image, const Reference& target, const docker::Pushed& pushed);
  /// Out of our own records.
  static Result<PushedImage> restore(const BuiltImage& image, const Reference& target, std::string digest);

  [[nodiscard]] const std::string& config_id() const { return image_.config_id(); }
  [[nodiscard]] const BuiltImage& image() const { return image_; }
  [[nodiscard]] const std::string& tag() const { return tag_; }
  [[nodiscard]] const std::string& digest() const { return pinned_.digest; }
  /// By digest, whatever the tag says by now: what hosts pull.
  [[nodiscard]] const Reference& pinned() const { return pinned_; }
  explicit operator bool() const { return !pinned_.digest.empty(); }
  friend auto operator<=>(const PushedImage&, const PushedImage&) = default;

 private:
  PushedImage(BuiltImage image, Reference pinned, std::string tag)
      : image_(std::move(image)), pinned_(std::move(pinned)), tag_(std::move(tag)) {}
  BuiltImage image_;
  Reference pinned_;
  std::string tag_;
};

/// A foreign image (a database), fixed to the digest its tag had when the rollout was planned.
class PinnedImage {
 public:
  PinnedImage() = default;
  /// `reference` must have a digest.
  static Result<PinnedImage> from(const Reference& reference);
  [[nodiscard]] const Reference& pinned() const { return pinned_; }
  explicit operator bool() const { return !pinned_.digest.empty(); }
  friend auto operator<=>(const PinnedImage&, const PinnedImage&) = default;

 private:
  explicit PinnedImage(Reference pinned) : pinned_(std::move(pinned)) {}
  Reference pinned_;
};

}  // namespace slipway::images
