#pragma once
#include <chrono>
#include <filesystem>
#include <set>
#include <string>

namespace slipway::checkout {

/// What stays of the mirrors in a GitSettings::folder. Any mirror is made anew when it is needed.
struct MirrorRetention {
  MirrorRetention() = default;
  std::set<std::string> owners;  ///< names that Repositories are made with ("project-7"): who is not among them is gone
  std::set<std::string> busy;    ///< of them, those whose mirrors may be in use
  std::size_t commits = 200;     ///< of a submodule; with more its mirror goes as a whole
  /// A mirror of a submodule, or of a history, that nothing was asked of for so long goes; so does a file of LFS that
  /// was neither fetched nor read for so long.
  std::chrono::seconds unused = std::chrono::days(14);
};

/// Removes the others, and of who is gone also what was kept beside them; how many mirrors went. One younger than an
/// hour stays if its owner is not known, as that may be new. Blocks.
std::size_t remove_old_mirrors(const std::filesystem::path& folder, const MirrorRetention& keep);

/// Removes the old files of LFS from all mirrors that are not busy; how many went. Where reads leave no time (noatime),
/// that of the fetch counts. What is needed once more is fetched again. Blocks.
std::size_t remove_old_lfs_files(const std::filesystem::path& folder, const MirrorRetention& keep);

/// Notes that such a mirror was used.
void mark_used(const std::filesystem::path& mirror);

}  // namespace slipway::checkout
