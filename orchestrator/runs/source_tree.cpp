#include "orchestrator/runs/source_tree.hpp"

namespace slipway::runs {

namespace fs = std::filesystem;

SourceTree::SourceTree(std::shared_ptr<checkout::Repository> repository, fs::path folder, bool trusted,
                       const Executor& executor)
    : repository_(std::move(repository)), folder_(std::move(folder)), trusted_(trusted), made_(executor) {}

awaitable<void> SourceTree::make(std::string commit) {
  outcome_ = co_await export_tree(std::move(commit));
  made_.ask("");
}

awaitable<Result<void>> SourceTree::export_tree(std::string commit) {
  std::error_code code;
  if (fs::exists(folder_, code)) co_return Result<void>();
  const fs::path beside = folder_.string() + ".part";
  fs::remove_all(beside, code);
  auto work = repository_->export_to(std::move(commit), beside, trusted_);
  const Result<void> exported = co_await std::move(work);
  if (!exported) co_return fail(exported.error());
  fs::rename(beside, folder_, code);
  if (code) co_return fail(Error::Kind::internal, folder_.string() + ": " + code.message());
  co_return Result<void>();
}

awaitable<Result<fs::path>> SourceTree::ready() {
  co_await made_.wait();
  if (!outcome_) co_return fail(Error(outcome_.error()).in("check out"));
  co_return folder_;
}

void SourceTree::remove(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  fs::remove_all(folder.string() + ".part", ignored);
}

}  // namespace slipway::runs
