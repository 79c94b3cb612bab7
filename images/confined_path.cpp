#include "images/confined_path.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>

namespace slipway::images {
namespace {

constexpr std::size_t kMaxPath = 4096;

tl::unexpected<Error> refused(int error, const std::string& name) {
  if (error == ENOENT) return fail(Error::Kind::not_found, "'" + name + "' does not exist");
  if (error == ELOOP) {
    return fail(Error::Kind::invalid, "'" + name + "' is a symbolic link", "name what it points to instead");
  }
  if (error == ENXIO) return fail(Error::Kind::invalid, "'" + name + "' is not a regular file");
  if (error == ENOTDIR) return fail(Error::Kind::invalid, "'" + name + "' is not a folder");
  if (error == ENAMETOOLONG) return fail(Error::Kind::invalid, "'" + name.substr(0, 80) + "…' is too long a name");
  return fail(Error::Kind::internal, "open '" + name + "': " + std::strerror(error));
}

/// O_NOFOLLOW on a folder answers ENOTDIR for a symbolic link too; this tells which it was.
int reason(int folder, const std::string& name, int error) {
  struct stat found{};
  if (error != ENOTDIR || fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return error;
  return S_ISLNK(found.st_mode) ? ELOOP : error;
}

Result<FileDescriptor> step_into(const FileDescriptor& folder, const std::string& name) {
  FileDescriptor next(openat(folder.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!next) return refused(reason(folder.get(), name, errno), name);
  return next;
}

}  // namespace

Result<std::vector<std::string>> path_parts(std::string_view path) {
  const std::string shown(path.substr(0, 200));
  if (path.size() > kMaxPath) return fail(Error::Kind::invalid, "'" + shown + "…' is too long a path");
  if (path.starts_with('/')) return fail(Error::Kind::invalid, "'" + shown + "' must be relative to the checkout");
  if (path.find('\0') != std::string_view::npos) return fail(Error::Kind::invalid, "a path with a zero byte in it");
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    const std::string_view part = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    if (part == "..") return fail(Error::Kind::invalid, "'" + shown + "' must not climb with '..'");
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  return parts;
}

std::string join_parts(const std::vector<std::string>& parts) {
  std::string path;
  for (const std::string& part : parts) path.append(path.empty() ? "" : "/").append(part);
  return path;
}

Result<FileDescriptor> open_folder(const std::filesystem::path& path) {
  FileDescriptor folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return refused(errno, path.string());
  return folder;
}

Result<FileDescriptor> open_folder(const FileDescriptor& folder, const std::vector<std::string>& parts) {
  Result<FileDescriptor> at(FileDescriptor(fcntl(folder.get(), F_DUPFD_CLOEXEC, 0)));
  for (const std::string& part : parts) {
    at = step_into(*at, part);
    if (!at) return fail(at.error());
  }
  return at;
}

Result<FileDescriptor> open_file(const FileDescriptor& folder, const std::vector<std::string>& parts) {
  if (parts.empty()) return fail(Error::Kind::invalid, "a file's name is needed, not a folder's");
  const Result<FileDescriptor> parent = open_folder(folder, {parts.begin(), parts.end() - 1});
  if (!parent) return fail(parent.error());
  const std::string& name = parts.back();
  // O_NONBLOCK, so that a pipe put there doesn't hold us up.
  FileDescriptor file(openat(parent->get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) return refused(errno, name);
  struct stat found{};
  if (fstat(file.get(), &found) != 0) return refused(errno, name);
  if (!S_ISREG(found.st_mode)) return fail(Error::Kind::invalid, "'" + name + "' is not a regular file");
  return file;
}

Result<std::string> read_all(const FileDescriptor& file, std::size_t limit) {
  std::string text;
  std::array<char, 16 << 10> piece;
  for (;;) {
    const ssize_t got = read(file.get(), piece.data(), piece.size());
    if (got < 0) return fail(Error::Kind::internal, std::string("read: ") + std::strerror(errno));
    if (got == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
    if (text.size() > limit) return fail(Error::Kind::too_large, "more than " + std::to_string(limit) + " bytes");
  }
}

}  // namespace slipway::images
