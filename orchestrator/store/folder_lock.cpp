#include "orchestrator/store/folder_lock.hpp"

#include <cerrno>
#include <cstring>
#include <memory>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"

namespace slipway::store {

namespace {

Error folder_error(const std::filesystem::path& path) {
  return {Error::Kind::internal, "data folder: " + path.string() + ": " + std::strerror(errno)};
}

/// Of another user's folder the group may be this process's only way in, so its part is left as it is.
Result<void> shut_out_others(const std::filesystem::path& folder, bool existed) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(folder_error(folder));
  const std::shared_ptr<void> closed(nullptr, [fd](void*) { ::close(fd); });
  struct stat is{};
  if (::fstat(fd, &is) != 0) return fail(folder_error(folder));
  const bool ours = is.st_uid == ::geteuid();
  if ((is.st_mode & (ours ? 077U : 007U)) == 0) return {};
  const bool shared = (is.st_mode & S_ISVTX) != 0;  // as /tmp is
  if (ours && !shared && ::fchmod(fd, is.st_mode & 07700U) == 0) {
    if (existed) log::info("data folder was open to others; now it is not", {{"folder", folder.string()}});
    return {};
  }
  if (shared) {
    return fail(Error::Kind::forbidden, "data folder " + folder.string() + " is shared with other users",
                "give slipwayd a folder of its own, for example " + (folder / "slipway").string());
  }
  return fail(Error::Kind::forbidden, "data folder " + folder.string() + " is open to other users",
              "let it belong to the user that slipwayd runs as (" + std::to_string(::geteuid()) +
                  "), or take the others' rights away: chmod o= " + folder.string());
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
  const bool existed = std::filesystem::exists(folder, failure);
  if (!existed) std::filesystem::create_directories(folder, failure);
  const auto path = folder / "lock";
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return fail(folder_error(path));
  FolderLock lock(fd);
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(folder_error(path));
    return fail(Error::Kind::conflict, "data folder " + folder.string() + " is in use by " + holder_of(fd),
                "stop that slipwayd, or give this one another data folder");
  }
  if (auto shut = shut_out_others(folder, existed); !shut) return fail(shut.error());
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) < 0) return fail(folder_error(path));
  return lock;
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace slipway::store
