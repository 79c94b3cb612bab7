#pragma once
#include <filesystem>

#include "base/result.hpp"

namespace slipway::store {

/// Holds a data folder for this process alone (flock on `<folder>/lock`, which the kernel lets go however the process
/// ends). The file has the holder's pid in it, for people.
class FolderLock {
 public:
  /// Makes the folder if there is none, and shuts others out of it (0700), whoever made it: not everything in it is
  /// encrypted. Held by another process: Kind::conflict. Open to others and not ours to shut: Kind::forbidden.
  static Result<FolderLock> take(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace slipway::store
