#pragma once
#include <filesystem>
#include <memory>
#include <optional>

#include "base/ids.hpp"
#include "orchestrator/checkout/repository.hpp"
#include "orchestrator/runs/stop_signal.hpp"

namespace slipway::runs {

/// The checked-out files of one run, made once in the background, used by all of its jobs and builds. They are in a
/// folder of the work folder called RUN.BOOT. One of that name is from before a restart of the daemon, and complete: it
/// gets its name last. Nothing of it is brought to the disk, so one from before the machine's last start is not used
/// (docs/decisions/0117). Borrows `pool`, where old ones are removed.
class SourceTree {
 public:
  SourceTree(std::shared_ptr<checkout::Repository> repository, std::filesystem::path work_folder, RunId run,
             bool trusted, Pool& pool, const Executor& executor);

  /// Makes it, from a commit that is fetched if need be (Repository::fetch); at most once.
  awaitable<void> make(std::string commit, std::string ref);
  /// Waits until it is there.
  awaitable<Result<std::filesystem::path>> ready();

  /// Removes all that there is of a run, as far as that can be done now. Blocking: for a pool.
  static void remove(const std::filesystem::path& work_folder, RunId run);
  /// Of something in a work folder: the id of its run, as text; any other text if it is nobody's.
  static std::string run_of(const std::filesystem::path& path);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  awaitable<Result<void>> export_tree(std::string commit, std::string ref);
  awaitable<void> remove_cut_off();

  std::shared_ptr<checkout::Repository> repository_;
  std::filesystem::path work_folder_;
  RunId run_;
  std::filesystem::path folder_;
  bool trusted_;
  Pool& pool_;
  StopSignal made_;
  Result<void> outcome_;
};

}  // namespace slipway::runs
