#pragma once
#include <filesystem>

#include "base/result.hpp"

namespace slipway::store {

/// Holds a data folder for this process alone (flock on `<folder>/lock`, which the kernel lets go however the process
/// ends). The file has the holder's pid in it, for people.
class FolderLock {
 public:
  /// Makes the folder (0700) if there is none. Held by another process: Kind::conflict.
  static Result<FolderLock> take(const std::filesystem::path& folder);

  FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FolderLock& operator=(FolderLock&&) = delete;
  ~FolderLock();

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace slipway::store
