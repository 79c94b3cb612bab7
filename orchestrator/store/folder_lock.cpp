#include "orchestrator/store/folder_lock.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace slipway::store {

namespace {

Error folder_error(const std::filesystem::path& path) {
  return {Error::Kind::internal, "data folder: " + path.string() + ": " + std::strerror(errno)};
}

std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  std::string pid(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? "an unknown pid" : "pid " + pid;
}

}  // namespace

Result<FolderLock> FolderLock::take(const std::filesystem::path& folder) {
  std::error_code failure;
  if (!std::filesystem::exists(folder)) {
    std::filesystem::create_directories(folder, failure);
    if (!failure) ::chmod(folder.c_str(), 0700);
  }
  const auto path = folder / "lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(folder_error(path));
  FolderLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(folder_error(path));
    return fail(Error::Kind::conflict, "data folder " + folder.string() + " is in use by " + holder_of(fd),
                "stop that slipwayd, or give this one another data folder");
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) return fail(folder_error(path));
  return lock;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace slipway::store
