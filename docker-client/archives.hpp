#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

struct PathStat {
  std::string name;
  std::int64_t size = 0;
  std::uint32_t mode = 0;  ///< Go's FileMode: permissions in the low nine bits, folder is bit 31, symlink bit 27
  std::optional<Time> modified_at;
  std::string link_target;
  [[nodiscard]] bool folder() const { return (mode & (1U << 31)) != 0; }
  [[nodiscard]] bool symlink() const { return (mode & (1U << 27)) != 0; }
};

/// A tar out of a container. As hostile as the container: entries may be absolute, climb, or go through symlinks.
struct ArchiveStream {
  PathStat stat;
  ResponseStream tar;
};

struct PutArchive {
  bool no_overwrite_dir_non_dir = false;  ///< a folder must not replace a file, nor a file a folder
  bool copy_uid_gid = false;
};

/// Files in and out of containers, running or not. Borrows `transport`, which must outlive it.
class Archives {
 public:
  explicit Archives(Transport& transport) : transport_(transport) {}

  /// Unpacks `tar` (plain, gzip, bzip2, xz or zstd) into the folder `path`. The Engine follows symlinks in the
  /// container and takes absolute entries: check the tar. A missing folder is Kind::not_found; a file in its place is
  /// Kind::invalid; so is a read-only root (the Engine says 403: forbidden).
  awaitable<Result<void>> put(std::string container, std::string path, std::unique_ptr<ByteSource> tar,
                              PutArchive how = {});
  awaitable<Result<ArchiveStream>> get(std::string container, std::string path);
  awaitable<Result<PathStat>> stat(std::string container, std::string path);

 private:
  Transport& transport_;
};

/// Reads X-Docker-Container-Path-Stat.
Result<PathStat> parse_path_stat(std::string_view header);

}  // namespace slipway::docker
