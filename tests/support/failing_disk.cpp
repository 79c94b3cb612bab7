// A library to be preloaded: makes writes and syncs below a folder fail, as many as the test wants and with the errno
// it wants. SLIPWAY_DISK_FAULTS names a file with a DiskFaults, SLIPWAY_DISK_FOLDER the data folder; its database and
// its logs are of interest, nothing else.
#include "tests/support/failing_disk.hpp"

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

slipway::DiskFaults* faults() {
  static slipway::DiskFaults* const shared = [] {
    const char* path = std::getenv("SLIPWAY_DISK_FAULTS");
    const int fd = path ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0) return static_cast<slipway::DiskFaults*>(nullptr);
    void* mapped = ::mmap(nullptr, sizeof(slipway::DiskFaults), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return mapped == MAP_FAILED ? nullptr : static_cast<slipway::DiskFaults*>(mapped);
  }();
  return shared;
}

bool of_interest(int fd) {
  static const char* const folder = std::getenv("SLIPWAY_DISK_FOLDER");
  if (!folder) return false;
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size <= 0) return false;
  path[size] = '\0';
  const std::size_t length = std::strlen(folder);
  if (std::strncmp(path, folder, length) != 0) return false;
  const char* rest = path + length;
  return std::strncmp(rest, "/slipway.db", 11) == 0 || std::strncmp(rest, "/logs/", 6) == 0;
}

/// True with errno set if this call is to fail.
bool fails(int fd) {
  slipway::DiskFaults* shared = faults();
  if (!shared || !of_interest(fd)) return false;
  const std::uint64_t call = ++shared->calls;
  const std::uint64_t first = shared->first;
  if (first == 0 || call < first || call > shared->last) return false;
  ++shared->hits;
  errno = shared->code;
  return true;
}

template <class Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* bytes, size_t count) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t)>("write");
  return fails(fd) ? -1 : real(fd, bytes, count);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  return fails(fd) ? -1 : real(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t at) {
  static const auto real = next<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  return fails(fd) ? -1 : real(fd, bytes, count, at);
}

int ftruncate(int fd, off_t size) {
  static const auto real = next<int (*)(int, off_t)>("ftruncate");
  return fails(fd) ? -1 : real(fd, size);
}

int ftruncate64(int fd, off64_t size) {
  static const auto real = next<int (*)(int, off64_t)>("ftruncate64");
  return fails(fd) ? -1 : real(fd, size);
}

int fsync(int fd) {
  static const auto real = next<int (*)(int)>("fsync");
  return fails(fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  static const auto real = next<int (*)(int)>("fdatasync");
  return fails(fd) ? -1 : real(fd);
}

}  // extern "C"
