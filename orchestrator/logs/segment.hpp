#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.hpp"

/// The files behind a log, blocking. A log called `base` is, in turn: `base.log` (growing), `base.end` (complete),
/// `base.zst` (complete and compressed: zstd frames of 1 MiB each, so a reader can skip; `zstd -d` reads it).
namespace slipway::logs {

inline std::filesystem::path segment_file(const std::filesystem::path& base, std::string_view suffix) {
  return base.string() + std::string(suffix);
}

struct Piece {
  std::string bytes;
  bool complete = false;  ///< the log has ended, and these bytes reach its end
};

/// Up to `limit` bytes at `offset` of the uncompressed log; no file at all is not_found.
Result<Piece> read_segment(const std::filesystem::path& base, std::uint64_t offset, std::size_t limit);

/// Bytes of the uncompressed log.
Result<std::uint64_t> size_of_segment(const std::filesystem::path& base);

/// Makes `base.zst` of `base.end` and removes the latter; safe to repeat after a crash at any point.
Result<void> compress_segment(const std::filesystem::path& base);

}  // namespace slipway::logs
