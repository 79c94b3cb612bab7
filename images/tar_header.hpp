#pragma once
#include <cstdint>
#include <string>

namespace slipway::images {

inline constexpr std::size_t kTarBlock = 512;
/// The time stamp of every entry of a context: 1980-01-02T00:00:00Z (docs/decisions/0021-context-time-stamps.md).
inline constexpr std::uint64_t kTarTime = 315'619'200;

enum class EntryKind : char { file = '0', symlink = '2', folder = '5' };

struct TarEntry {
  TarEntry() = default;
  std::string path;  ///< relative, '/' between its parts, none at its end
  EntryKind kind = EntryKind::file;
  unsigned mode = 0644;           ///< permission bits, with set-id and sticky
  std::uint64_t size = 0;         ///< of a file's content
  std::uint64_t time = kTarTime;  ///< seconds since 1970
  std::string link_target;
};

/// What stands before an entry's content: a POSIX ustar header, preceded by a pax one (POSIX.1-2001) where a name is
/// over 100 bytes or not ASCII, or a size does not fit. Owner and group are 0.
std::string tar_header(const TarEntry& entry);
/// Zero bytes that follow a content of `size` bytes.
std::size_t tar_padding(std::uint64_t size);
/// What ends a tar.
std::string tar_end();

}  // namespace slipway::images
