#include "orchestrator/rollouts/container_files.hpp"

#include <algorithm>
#include <filesystem>
#include <vector>

#include "images/tar_header.hpp"

namespace slipway::rollouts {
namespace {

namespace fs = std::filesystem;

constexpr int most_links = 40;  // as Linux has it for one path

/// A tar that is in memory already.
class TextSource final : public docker::ByteSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  awaitable<Result<std::string>> next() override { co_return std::exchange(text_, {}); }

 private:
  std::string text_;
};

/// With the owners that the tar names. (`copy_uid_gid` would have the Engine look for the container's user among those
/// of its host, and fail if it is not there.)
awaitable<Result<void>> put_tar(docker::Archives& archives, std::string container, std::string folder,
                                std::string tar) {
  std::unique_ptr<docker::ByteSource> source = std::make_unique<TextSource>(std::move(tar));
  docker::PutArchive how;
  co_return co_await archives.put(container, folder, std::move(source), how);
}

/// How much of a path a container has: `folder` is there, and of what was asked for `missing` is not, below it.
struct Foothold {
  fs::path folder;
  std::vector<std::string> missing;
};

/// An Engine makes the folders of an entry's path, but not all Engines follow symlinks there, or any to nowhere. So the
/// path is walked here, from its end.
awaitable<Result<Foothold>> find_foothold(docker::Archives& archives, std::string container, std::string asked) {
  Foothold found;
  found.folder = fs::path(asked).lexically_normal();
  for (int links = 0; found.folder.has_relative_path();) {
    const std::string path = found.folder.string();
    auto there = co_await archives.stat(container, path);
    if (!there && there.error().kind != Error::Kind::not_found) co_return fail(there.error());
    if (!there) {
      found.missing.push_back(found.folder.filename().string());
      found.folder = found.folder.parent_path();
      continue;
    }
    if (!there->symlink()) break;
    // Its own target is followed to the end, within the container.
    found.folder = fs::path(there->link_target).lexically_normal();
    if (!found.folder.is_absolute() || ++links > most_links) {
      co_return fail(Error::Kind::invalid, asked + " leads through a symlink that can't be followed");
    }
  }
  std::reverse(found.missing.begin(), found.missing.end());
  co_return found;
}

awaitable<Result<void>> make_folder(docker::Archives& archives, std::string container, std::string folder) {
  auto foothold = co_await find_foothold(archives, container, folder);
  if (!foothold) co_return fail(foothold.error());
  std::string tar;
  images::TarEntry entry;
  entry.kind = images::EntryKind::folder;
  entry.mode = 0755;
  for (const std::string& name : foothold->missing) {
    entry.path += (entry.path.empty() ? "" : "/") + name;
    tar += images::tar_header(entry);
  }
  tar += images::tar_end();
  const std::string path = foothold->folder.string();
  co_return co_await put_tar(archives, container, path, std::move(tar));
}

}  // namespace

awaitable<Result<void>> put_files(docker::Archives& archives, std::string container, std::string folder,
                                  std::string tar) {
  auto put = co_await put_tar(archives, container, folder, tar);
  if (put || put.error().kind != Error::Kind::not_found) co_return put;
  auto made = co_await make_folder(archives, container, folder);
  if (!made) co_return made;
  co_return co_await put_tar(archives, container, folder, std::move(tar));
}

}  // namespace slipway::rollouts
