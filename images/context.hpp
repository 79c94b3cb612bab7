#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "base/async.hpp"
#include "docker-client/message.hpp"

namespace slipway::images {

struct ContextLimits {
  ContextLimits() = default;
  std::size_t entries = 1'000'000;
  std::uint64_t bytes = 32ULL << 30;  ///< of file content
  std::size_t depth = 128;            ///< folders within folders; each open one holds a file descriptor
  /// CPU time that matching one path against the ignore file may take, and all of them. Ordinary files take a
  /// millisecond for a path at the very most.
  Duration match_path = std::chrono::milliseconds(250);
  Duration match_all = std::chrono::minutes(5);
};

/// What to send. Everything is looked for below `source` and nowhere else; no symbolic link is followed on the way.
struct ContextSpec {
  ContextSpec() = default;
  explicit ContextSpec(std::filesystem::path checkout) : source(std::move(checkout)) {}

  std::filesystem::path source;  ///< the checkout
  std::string directory = ".";   ///< the context, relative to `source`
  /// Relative to `source`; empty: "Dockerfile" in `directory`. It may lie outside `directory`: then it is sent along
  /// under a generated name.
  std::string dockerfile;
  ContextLimits limits;
};

/// Filled in when the tar has been read to its end.
struct ContextSummary {
  std::size_t entries = 0;
  std::uint64_t content_bytes = 0;
  std::uint64_t tar_bytes = 0;
  std::string digest;  ///< "sha256:…" of the tar; empty until the end
};

/// A build context as the Engine wants it.
struct BuildContext {
  BuildContext() = default;
  std::unique_ptr<docker::ByteSource> tar;
  std::string dockerfile;                         ///< its path in the tar: BuildSpec::dockerfile
  std::string dockerfile_text;                    ///< for base_images(); at most 4 MiB
  std::shared_ptr<const ContextSummary> summary;  ///< outlives `tar`
};

/// Opens a context: finds the Dockerfile and the ignore file (`<Dockerfile>.dockerignore` beside the Dockerfile, else
/// `.dockerignore` at the top of the context). The tar is made while it is read, on `pool`, one piece of 256 KiB ahead
/// of the reader; memory doesn't grow with the tree. `pool` must outlive the reading. After 50 ms the thread is given
/// to others that wait for one, whether or not there is a piece; it stops soon after the reader has gone. Where `pool`
/// can have no thread it is Kind::unavailable.
///
/// The same tree gives the same bytes: entries sorted by name, owner 0:0, one fixed time stamp, permissions as on disk
/// (docs/decisions/0021-context-time-stamps.md). Hard links are sent as files. Sockets, devices and pipes are
/// Kind::invalid unless ignored; so are a Dockerfile or a context outside `source`, and paths that go through symbolic
/// links. A file that shrinks while it is read is Kind::conflict, a tree over the limits is Kind::too_large.
awaitable<Result<BuildContext>> open_context(Pool& pool, ContextSpec spec);

}  // namespace slipway::images
