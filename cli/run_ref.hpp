#pragma once
#include <memory>
#include <string>

#include "cli/session.hpp"

namespace slipway::cli {

/// How a verb was told which run it is about: by number, or the newest run of a commit.
struct RunRef {
  std::int64_t number = 0;
  std::string commit;
};

/// Adds the argument RUN, `--commit` and `--project`.
std::shared_ptr<RunRef> add_run_ref(CLI::App& verb, Session& session);

/// Asks git for what a name such as HEAD stands for in this folder; 40 hex digits pass as they are.
Result<std::string> resolve_commit(const std::string& name);

/// The run's number, once the daemon's address is known. With a commit, waits up to `patience` for a run of it to
/// appear (a webhook may still be on its way), and for newer runs without a commit to get theirs: if one has none by
/// then, and the run that was found has ended, that is Kind::conflict.
Result<std::int64_t> find_run(Session& session, const RunRef& ref, std::chrono::milliseconds patience = {});

}  // namespace slipway::cli
