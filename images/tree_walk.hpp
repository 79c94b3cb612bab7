#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <sys/stat.h>

#include "images/context.hpp"
#include "images/dockerignore.hpp"
#include "images/file_descriptor.hpp"
#include "images/match_time.hpp"
#include "images/tar_header.hpp"

namespace slipway::images {

/// One thing of a tree that is sent; `file` is open if it is a file.
struct TreeEntry {
  TreeEntry() = default;
  TarEntry header;
  FileDescriptor file;
};

/// Goes through a folder in a fixed order: each folder's names sorted by their bytes, a folder before what is in it.
/// Blocking. Holds one descriptor for each folder it is in, and the names of these folders.
class TreeWalk {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// What `always` names is sent though the rules exclude it; what `never` names is not. `root` is the tree. Once
  /// `stop` is requested `next` is Kind::cancelled.
  TreeWalk(FileDescriptor root, IgnoreRules rules, std::set<std::string> always, std::set<std::string> never,
           ContextLimits limits, std::stop_token stop = {});

  /// The next entry; none at the end (`ended`), nor if it has not been found by `until`: then it is looked for by the
  /// next call. What can't be sent (a socket, a device) is Kind::invalid.
  Result<std::optional<TreeEntry>> next(TimePoint until = TimePoint::max());
  [[nodiscard]] bool ended() const { return !root_ && folders_.empty() && ready_.empty(); }

 private:
  struct Folder {
    Folder() = default;
    FileDescriptor descriptor;
    std::string path;  // empty: the root
    std::vector<std::string> names;
    std::size_t at = 0;
    IgnoreRules::Decision decision;
    unsigned mode = 0;
    bool pending = false;  // excluded itself; sent only if something in it is
  };

  Result<Folder> enter(FileDescriptor descriptor, std::string path);
  Result<void> visit(const std::string& name);
  Result<void> visit_folder(const std::string& name, const struct stat& found, IgnoreRules::Decision decision,
                            std::string path);
  Result<void> take(const std::string& name, const struct stat& found, std::string path);
  void send_pending_folders();
  [[nodiscard]] bool wanted_below(const std::string& path) const;

  IgnoreRules rules_;
  std::set<std::string> always_;
  std::set<std::string> never_;
  ContextLimits limits_;
  std::stop_token stop_;
  MatchTime match_time_;
  FileDescriptor root_;
  std::vector<Folder> folders_;  // from the root to where we are
  std::deque<TreeEntry> ready_;
  std::size_t seen_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace slipway::images
