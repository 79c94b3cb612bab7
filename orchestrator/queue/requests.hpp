#pragma once
#include "orchestrator/store/transaction.hpp"

/// What people ask of runs. Each is work for Store::write: one transaction, with its line in the audit trail.
namespace slipway::queue {

/// Which jobs of the old run a rerun does again.
enum class Scope : std::uint8_t { all, failed };

/// Queues a new run of the same commit, parameters and trust; no newer run replaces it, since a person wants it. A run
/// that has not finished is Kind::conflict, as is Scope::failed of one that passed. With Scope::failed the run is
/// marked `failed_only`: whoever plans it takes over the jobs that passed in `rerun_of` (Jobs::list) and their images
/// (Images::inherit).
Result<RunId> rerun(store::Transaction& tx, RunId old, Scope scope, std::string who, Time at);

/// See Runs::cancel.
Result<void> cancel(store::Transaction& tx, RunId run, std::string who, Time at);
/// See Runs::approve.
Result<void> approve(store::Transaction& tx, RunId run, std::string who, Time at);

}  // namespace slipway::queue
