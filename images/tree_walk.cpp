#include "images/tree_walk.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>

#include <dirent.h>
#include <fcntl.h>

namespace slipway::images {
namespace {

constexpr unsigned kModeBits = 07777;

tl::unexpected<Error> broken(const std::string& path, const char* doing) {
  const int error = errno;
  if (error == ENOENT) return fail(Error::Kind::conflict, "'" + path + "' went away while the context was read");
  const auto kind = error == EACCES ? Error::Kind::forbidden : Error::Kind::internal;
  return fail(kind, std::string(doing) + " '" + path + "': " + std::strerror(error));
}

/// Linux limits a link's target to a page.
Result<std::string> read_link(int folder, const std::string& name, const std::string& path) {
  std::array<char, 4096> target;
  const ssize_t length = readlinkat(folder, name.c_str(), target.data(), target.size());
  if (length < 0) return broken(path, "read link");
  return std::string(target.data(), static_cast<std::size_t>(length));
}

const char* kind_of(mode_t mode) {
  if (S_ISSOCK(mode)) return "a socket";
  if (S_ISFIFO(mode)) return "a pipe";
  return "a device";
}

}  // namespace

TreeWalk::TreeWalk(FileDescriptor root, IgnoreRules rules, std::set<std::string> always, std::set<std::string> never,
                   ContextLimits limits, std::stop_token stop)
    : rules_(std::move(rules)),
      always_(std::move(always)),
      never_(std::move(never)),
      limits_(limits),
      stop_(std::move(stop)),
      match_time_(limits.match_path, limits.match_all, stop_),
      root_(std::move(root)) {}

Result<std::optional<TreeEntry>> TreeWalk::next(TimePoint until) {
  if (root_) {
    Result<Folder> top = enter(std::move(root_), "");
    if (!top) return fail(top.error());
    folders_.push_back(std::move(*top));
  }
  while (ready_.empty() && !folders_.empty()) {
    Folder& here = folders_.back();
    if (here.at == here.names.size()) {
      folders_.pop_back();
      continue;
    }
    const std::string name = std::move(here.names[here.at++]);
    if (stop_.stop_requested()) return fail(Error::Kind::cancelled, "nobody wants the context any more");
    if (Result<void> visited = visit(name); !visited) return fail(visited.error());
    if (std::chrono::steady_clock::now() >= until) break;
  }
  if (ready_.empty()) return std::optional<TreeEntry>();
  std::optional<TreeEntry> entry(std::move(ready_.front()));
  ready_.pop_front();
  return entry;
}

Result<TreeWalk::Folder> TreeWalk::enter(FileDescriptor descriptor, std::string path) {
  if (folders_.size() > limits_.depth) {
    return fail(Error::Kind::too_large,
                "'" + path + "' is more than " + std::to_string(limits_.depth) + " folders deep");
  }
  Folder folder;
  const int copy = fcntl(descriptor.get(), F_DUPFD_CLOEXEC, 0);
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(fdopendir(copy), closedir);
  if (!listing) return broken(path, "list");
  while (const dirent* entry = readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    if (++seen_ > limits_.entries) {
      return fail(Error::Kind::too_large, "more than " + std::to_string(limits_.entries) + " files and folders",
                  "leave out what the build doesn't need, by .dockerignore");
    }
    folder.names.emplace_back(name);
  }
  std::sort(folder.names.begin(), folder.names.end());
  folder.descriptor = std::move(descriptor);
  folder.path = std::move(path);
  return folder;
}

Result<void> TreeWalk::visit(const std::string& name) {
  const Folder& here = folders_.back();
  std::string path = here.path.empty() ? name : here.path + "/" + name;
  if (never_.contains(path)) return {};
  Result<IgnoreRules::Decision> decided = rules_.decide(path, here.decision, match_time_);
  if (!decided) return fail(decided.error());
  IgnoreRules::Decision& decision = *decided;
  if (decision.excluded && !always_.contains(path) && !wanted_below(path)) return {};
  struct stat found{};
  if (fstatat(here.descriptor.get(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) return broken(path, "look at");
  if (S_ISDIR(found.st_mode)) return visit_folder(name, found, std::move(decision), std::move(path));
  if (decision.excluded && !always_.contains(path)) return {};
  return take(name, found, std::move(path));
}

bool TreeWalk::wanted_below(const std::string& path) const {
  const auto next = always_.lower_bound(path + "/");
  return (next != always_.end() && next->starts_with(path + "/")) || rules_.may_include_below(path);
}

Result<void> TreeWalk::visit_folder(const std::string& name, const struct stat& found, IgnoreRules::Decision decision,
                                    std::string path) {
  FileDescriptor descriptor(
      openat(folders_.back().descriptor.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!descriptor) return broken(path, "open");
  Result<Folder> inner = enter(std::move(descriptor), std::move(path));
  if (!inner) return fail(inner.error());
  inner->mode = found.st_mode & kModeBits;
  inner->pending = true;
  const bool excluded = decision.excluded;
  inner->decision = std::move(decision);
  folders_.push_back(std::move(*inner));
  if (!excluded) send_pending_folders();
  return {};
}

void TreeWalk::send_pending_folders() {
  for (Folder& folder : folders_) {
    if (!folder.pending) continue;
    folder.pending = false;
    TreeEntry entry;
    entry.header.path = folder.path;
    entry.header.kind = EntryKind::folder;
    entry.header.mode = folder.mode;
    ready_.push_back(std::move(entry));
  }
}

Result<void> TreeWalk::take(const std::string& name, const struct stat& found, std::string path) {
  const int folder = folders_.back().descriptor.get();
  TreeEntry entry;
  entry.header.mode = found.st_mode & kModeBits;
  if (S_ISLNK(found.st_mode)) {
    Result<std::string> target = read_link(folder, name, path);
    if (!target) return fail(target.error());
    entry.header.kind = EntryKind::symlink;
    entry.header.link_target = std::move(*target);
  } else if (S_ISREG(found.st_mode)) {
    entry.file = FileDescriptor(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat opened{};
    if (!entry.file || fstat(entry.file.get(), &opened) != 0) return broken(path, "open");
    if (!S_ISREG(opened.st_mode))
      return fail(Error::Kind::conflict, "'" + path + "' changed while the context was read");
    entry.header.size = static_cast<std::uint64_t>(opened.st_size);
    bytes_ += entry.header.size;
  } else {
    return fail(Error::Kind::invalid, "'" + path + "' is " + kind_of(found.st_mode) + ", which can't be sent",
                "leave it out by .dockerignore");
  }
  if (bytes_ > limits_.bytes) {
    return fail(Error::Kind::too_large, "more than " + std::to_string(limits_.bytes) + " bytes of files",
                "leave out what the build doesn't need, by .dockerignore");
  }
  entry.header.path = std::move(path);
  send_pending_folders();
  ready_.push_back(std::move(entry));
  return {};
}

}  // namespace slipway::images
