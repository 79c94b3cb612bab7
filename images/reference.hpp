#pragma once
#include <compare>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::images {

constexpr std::string_view kHub = "docker.io";  ///< Docker Hub

/// The name of an image in a registry, fully spelled out: what `docker pull` takes, after the rules of the distribution
/// project's reference grammar. "busybox" is docker.io/library/busybox.
struct Reference {
  Reference() = default;

  std::string registry;  ///< host[:port]; "docker.io" is Docker Hub
  std::string path;      ///< of the repository: "library/busybox"
  std::string tag;       ///< may be empty
  std::string digest;    ///< of the manifest, "sha256:…"; may be empty. With both, the digest decides.

  /// "docker.io/library/busybox"
  [[nodiscard]] std::string repository() const { return registry + "/" + path; }
  /// "docker.io/library/busybox:1@sha256:…"
  [[nodiscard]] std::string text() const;
  /// The repository as Engines write it: "busybox".
  [[nodiscard]] std::string familiar_repository() const;
  /// The whole as Engines write it: "busybox:1".
  [[nodiscard]] std::string familiar() const;
  /// The digest if there is one, else the tag, else "latest": what a registry is asked for.
  [[nodiscard]] std::string target() const;

  /// The same repository, by this tag; Kind::invalid if it is none.
  [[nodiscard]] Result<Reference> with_tag(std::string_view new_tag) const;
  /// The same repository, by this digest and without a tag; Kind::invalid if it is none.
  [[nodiscard]] Result<Reference> with_digest(std::string_view new_digest) const;

  friend auto operator<=>(const Reference&, const Reference&) = default;
};

/// Longest repository name, registry included; longest tag.
inline constexpr std::size_t kMaxRepositoryLength = 255;
inline constexpr std::size_t kMaxTagLength = 128;

/// Kind::invalid, with a hint where the mistake is a usual one (capitals, a bare id, a URL scheme).
Result<Reference> parse_reference(std::string_view text);

/// "sha256:" and 64 lower-case hex digits, or "sha512:" and 128.
bool is_digest(std::string_view text);
bool is_tag(std::string_view text);

}  // namespace slipway::images
