#include "orchestrator/checkout/mirrors.hpp"

#include <algorithm>
#include <vector>

#include <sys/stat.h>

namespace slipway::checkout {

namespace fs = std::filesystem;

namespace {

using Seconds = std::chrono::seconds;

constexpr Seconds kMayBeNew = std::chrono::hours(1);

Seconds age_of(const fs::path& mirror) {
  std::error_code error;
  const auto used = fs::last_write_time(mirror, error);
  return error ? Seconds(0) : std::chrono::duration_cast<Seconds>(fs::file_time_type::clock::now() - used);
}

/// Each fetched commit is a ref, and a file until they are packed, which no mirror of a submodule ever is.
std::size_t commits_of(const fs::path& mirror) {
  std::error_code error;
  const fs::directory_iterator refs(mirror / "refs" / "slipway", error);
  return error ? 0 : static_cast<std::size_t>(std::distance(begin(refs), end(refs)));
}

/// "project-7" of "project-7.git", and of "project-7.module.0123456789abcdef.git".
std::string owner_of(const fs::path& mirror) {
  const std::string name = mirror.filename().string();
  return name.substr(0, name.find('.'));
}

bool stays(const fs::path& mirror, const MirrorRetention& keep) {
  const std::string owner = owner_of(mirror);
  if (!keep.owners.contains(owner)) return age_of(mirror) < kMayBeNew;
  if (owner == mirror.stem() || keep.busy.contains(owner)) return true;
  return age_of(mirror) < keep.unused && commits_of(mirror) <= keep.commits;
}

bool is_mirror(const fs::path& path) {
  return path.extension() == ".git" && path.filename().string().starts_with("project-");
}

/// Of a plain file; another kind of file is never old.
bool unused_for(const fs::path& file, Seconds time) {
  struct stat found{};
  if (::lstat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode)) return false;
  const auto used = std::chrono::system_clock::from_time_t(std::max(found.st_atime, found.st_mtime));
  return std::chrono::system_clock::now() - used > time;
}

/// Those of LFS, with what downloads that were cut off have left.
std::vector<fs::path> old_lfs_files(const fs::path& mirror, Seconds unused) {
  std::vector<fs::path> old;
  std::error_code error;
  fs::recursive_directory_iterator at(mirror / "lfs", error);
  while (!error && at != fs::recursive_directory_iterator()) {
    if (unused_for(at->path(), unused)) old.push_back(at->path());
    at.increment(error);
  }
  return old;
}

}  // namespace

std::size_t remove_old_lfs_files(const fs::path& folder, const MirrorRetention& keep) {
  std::size_t removed = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& mirror = entry.path();
    if (!is_mirror(mirror) || keep.busy.contains(owner_of(mirror))) continue;
    for (const fs::path& file : old_lfs_files(mirror, keep.unused)) removed += fs::remove(file, error) ? 1 : 0;
  }
  return removed;
}

std::size_t remove_old_mirrors(const fs::path& folder, const MirrorRetention& keep) {
  std::vector<fs::path> old;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (is_mirror(path) && !stays(path, keep)) old.push_back(path);
  }
  for (const fs::path& mirror : old) {
    fs::remove_all(mirror, error);
    if (keep.owners.contains(owner_of(mirror))) continue;  // the key that a server has shown must stay the same
    fs::remove(fs::path(mirror).replace_extension("known_hosts"), error);
  }
  return old.size();
}

void mark_used(const fs::path& mirror) {
  std::error_code ignored;
  fs::last_write_time(mirror, fs::file_time_type::clock::now(), ignored);
}

}  // namespace slipway::checkout
