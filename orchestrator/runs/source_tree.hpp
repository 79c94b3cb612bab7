#pragma once
#include <filesystem>
#include <memory>
#include <optional>

#include "orchestrator/checkout/repository.hpp"
#include "orchestrator/runs/stop_signal.hpp"

namespace slipway::runs {

/// The checked-out files of one run, made once in the background, used by all of its jobs and builds. `folder` is
/// owned; one that exists already is from before a restart, and complete (it gets its name last).
class SourceTree {
 public:
  SourceTree(std::shared_ptr<checkout::Repository> repository, std::filesystem::path folder, bool trusted,
             const Executor& executor);

  /// Begins to make it; at most once. `commit` must have been fetched.
  awaitable<void> make(std::string commit);
  /// Waits until it is there.
  awaitable<Result<std::filesystem::path>> ready();
  /// Removes it. Blocking: for a pool.
  static void remove(const std::filesystem::path& folder);

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

 private:
  awaitable<Result<void>> export_tree(std::string commit);

  std::shared_ptr<checkout::Repository> repository_;
  std::filesystem::path folder_;
  bool trusted_;
  StopSignal made_;
  Result<void> outcome_;
};

}  // namespace slipway::runs
