#include "orchestrator/runs/source_tree.hpp"

#include <vector>

#include "base/clock.hpp"

namespace slipway::runs {

namespace fs = std::filesystem;

namespace {

/// All that a work folder has of a run, whole or cut off.
std::vector<fs::path> all_of_run(const fs::path& work_folder, RunId run) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(work_folder, ignored)) {
    if (SourceTree::run_of(entry.path()) == to_string(run)) found.push_back(entry.path());
  }
  return found;
}

/// Of what this life of the machine has written; new each time where the kernel does not tell which one that is.
std::string mark_of_boot() {
  const std::string boot = boot_id();
  return boot.empty() ? random_hex(16) : boot;
}

}  // namespace

SourceTree::SourceTree(std::shared_ptr<checkout::Repository> repository, fs::path work_folder, RunId run, bool trusted,
                       Pool& pool, const Executor& executor)
    : repository_(std::move(repository)),
      work_folder_(std::move(work_folder)),
      run_(run),
      folder_(work_folder_ / (to_string(run) + "." + mark_of_boot())),
      trusted_(trusted),
      pool_(pool),
      made_(executor) {}

awaitable<void> SourceTree::make(std::string commit, std::string ref) {
  outcome_ = co_await export_tree(std::move(commit), std::move(ref));
  made_.ask("");
}

awaitable<Result<void>> SourceTree::export_tree(std::string commit, std::string ref) {
  std::error_code code;
  if (fs::exists(folder_, code)) co_return Result<void>();
  auto ensuring = repository_->ensure(commit, std::move(ref));
  const Result<void> there = co_await std::move(ensuring);
  if (!there) co_return fail(there.error());
  co_await remove_cut_off();
  // A name that no export had before: the git of a daemon that was killed may still write where it began.
  const fs::path beside = folder_.string() + ".part." + random_hex(8);
  auto work = repository_->export_to(std::move(commit), beside, trusted_);
  const Result<void> exported = co_await std::move(work);
  if (!exported) co_return fail(exported.error());
  fs::rename(beside, folder_, code);
  if (code) co_return fail(Error::Kind::internal, folder_.string() + ": " + code.message());
  co_return Result<void>();
}

/// What an earlier daemon did not bring to its end. What stays of it goes with the run.
awaitable<void> SourceTree::remove_cut_off() {
  if (all_of_run(work_folder_, run_).empty()) co_return;
  auto work = [folder = work_folder_, run = run_] {
    remove(folder, run);
    return true;
  };
  (void)co_await pool_.run(std::move(work));
}

awaitable<Result<fs::path>> SourceTree::ready() {
  co_await made_.wait();
  if (!outcome_) co_return fail(Error(outcome_.error()).in("check out"));
  co_return folder_;
}

void SourceTree::remove(const fs::path& work_folder, RunId run) {
  std::error_code ignored;
  for (const fs::path& path : all_of_run(work_folder, run)) fs::remove_all(path, ignored);
}

std::string SourceTree::run_of(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.substr(0, name.find('.'));
}

}  // namespace slipway::runs
