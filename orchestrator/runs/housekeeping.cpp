#include "orchestrator/runs/housekeeping.hpp"

#include "base/log.hpp"
#include "images/retention.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/store/images.hpp"
#include "orchestrator/store/runs.hpp"

namespace slipway::runs {
namespace {

awaitable<Result<void>> remove_logs_of_nobody(store::Store& store, logs::LogStore& logs) {
  // The folders first: a run is in the store before it has a log.
  Result<std::vector<RunId>> with_logs = co_await logs.runs();
  if (!with_logs) co_return fail(with_logs.error());
  auto asking = store.read(&store::OldRuns::unknown, std::move(*with_logs));
  const Result<std::vector<RunId>> nobodys = co_await std::move(asking);
  if (!nobodys) co_return fail(nobodys.error());
  for (const RunId run : *nobodys) {
    const Result<void> removed = co_await logs.remove(run);
    if (!removed) co_return removed;
  }
  co_return Result<void>();
}

Result<std::set<std::string>> images_of_unfinished(store::Transaction& tx) {
  std::set<std::string> ids;
  const auto runs = store::Runs(tx).unfinished();
  if (!runs) return fail(runs.error());
  for (const store::Run& run : *runs) {
    // A rerun of failed jobs takes over what the run before has built.
    for (const RunId id : {run.id, run.rerun_of}) {
      const auto built = store::Images(tx).built_by(id);
      if (!built) return fail(built.error());
      for (const store::BuiltImage& image : *built) ids.insert(image.config_id);
    }
  }
  return ids;
}

}  // namespace

awaitable<Result<std::size_t>> forget_old_runs(store::Store& store, logs::LogStore& logs, Time now,
                                               store::RunRetention keep) {
  std::size_t count = 0;
  for (;;) {
    auto pruning = store.write(&store::OldRuns::prune, keep, now);
    const Result<std::vector<RunId>> gone = co_await std::move(pruning);
    if (!gone) co_return fail(Error(gone.error()).in("forget old runs"));
    if (gone->empty()) break;
    count += gone->size();
  }
  const Result<void> removed = co_await remove_logs_of_nobody(store, logs);
  if (!removed) co_return fail(Error(removed.error()).in("remove old logs"));
  if (count > 0) log::info("old runs forgotten", {{"runs", count}});
  co_return count;
}

awaitable<Result<std::size_t>> remove_old_images(Collaborators& with, std::size_t keep,
                                                 std::function<bool(const std::string& project)> busy) {
  auto reading = with.store.read(&images_of_unfinished);
  Result<std::set<std::string>> wanted = co_await std::move(reading);
  if (!wanted) co_return fail(wanted.error());
  images::RetentionPolicy policy;
  policy.keep = keep;
  policy.instance_label = label::kInstance;
  policy.instance = with.store.instance();
  policy.group_labels = {std::string(label::kProject), std::string(label::kImage)};
  std::function<bool(const images::RetentionPlan::Removal&)> may_go =
      [busy = std::move(busy)](const images::RetentionPlan::Removal& image) { return !busy(image.group.front()); };
  auto removing = images::apply_retention(with.engine.images(), with.engine.containers(), std::move(*wanted),
                                          std::move(policy), with.clock.now(), std::move(may_go));
  const Result<images::RetentionOutcome> outcome = co_await std::move(removing);
  if (!outcome) co_return fail(Error(outcome.error()).in("remove old images"));
  if (outcome->removed > 0) log::info("old images removed", {{"images", outcome->removed}});
  co_return outcome->removed;
}

}  // namespace slipway::runs
