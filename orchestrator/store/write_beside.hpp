#pragma once
#include <filesystem>
#include <memory>

#include "orchestrator/store/operation.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::store {

/// `operation` in a transaction of its own, as `write_beside` says. Its outcome is set only if this succeeds.
Result<void> commit_beside(const std::filesystem::path& folder, const std::shared_ptr<Operation>& operation,
                           CommitProbe* probe);

/// One transaction from outside of the store, for a person who has the data folder: a daemon that has the store open
/// works on, and sees it. `work` is a Result<T>(Transaction&); a failed one changes nothing. Blocks: it reads the whole
/// database, and waits up to 5 s for whoever is writing. Nothing is made or brought up to date, since the daemon may be
/// of another version: no database is Kind::not_found, one of another schema Kind::conflict, a damaged one
/// Kind::unavailable.
template <std::invocable<Transaction&> Work>
std::invoke_result_t<Work&, Transaction&> write_beside(const std::filesystem::path& folder, Work work,
                                                       CommitProbe* probe = nullptr) {
  auto pending = std::make_shared<Pending<std::invoke_result_t<Work&, Transaction&>>>(std::move(work));
  if (Result<void> ran = commit_beside(folder, pending, probe); !ran) return fail(std::move(ran).error());
  return pending->take();
}

}  // namespace slipway::store
