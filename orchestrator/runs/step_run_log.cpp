// How a step's log gets to the disk. The rest of StepRun is in step_run.cpp.
#include "base/log.hpp"
#include "orchestrator/runs/log_pump.hpp"
#include "orchestrator/runs/step_run.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;
using store::Attempts;

constexpr std::uint64_t kSyncBytes = 1 << 20;
constexpr Duration kSyncEvery = 1s;
constexpr Duration kLogRetry = 200ms, kDiskRetry = 1s, kKillAgain = 10s;

}  // namespace

awaitable<Result<void>> StepRun::open_log() {
  if (capture_) co_return Result<void>();
  const auto committed = static_cast<std::uint64_t>(order_.record->log.stored_offset);
  for (;; co_await sleep_for(kDiskRetry)) {
    auto opening = tools_.logs.open(log_key(), committed);
    Result<std::unique_ptr<logs::LogWriter>> writer = co_await std::move(opening);
    if (!writer && writer.error().transient()) continue;
    if (!writer) co_return fail(writer.error());
    capture_ = std::make_unique<logs::Capture>(std::move(*writer), order_.masks, order_.log_limit);
    co_return Result<void>();
  }
}

/// One pass over the engine's log. Where the disk does not take it the capture is broken: the next pass brings it.
awaitable<Result<void>> StepRun::read_log(bool follow) {
  if (capture_->broken()) {
    const Result<void> mended = capture_->mend();
    if (!mended) co_return fail(mended.error());
  }
  // Nothing more is kept, and what the pass before has counted stays.
  if (!follow && capture_->over_limit()) co_return Result<void>();
  auto pumping = pump_log(tools_.engine.containers(), id_, follow, *capture_);
  const Result<void> pumped = co_await std::move(pumping);
  if (!pumped || follow) co_return pumped;
  co_return capture_->end();
}

/// Follows the log as long as it takes. Everything but a broken log file is found out by `until_exit`, or passes, and
/// is read again from the start.
awaitable<Result<void>> StepRun::keep_log() {
  for (;;) {
    const Result<void> read = co_await read_log(true);
    const std::optional<Error>& broken = capture_->broken();
    if (broken && !broken->transient()) co_return fail(*broken);
    if (!broken && capture_->over_limit()) break;
    if (!broken && !read && read.error().transient()) engine_went_away_ = true;
    co_await sleep_for(broken ? kDiskRetry : kLogRetry);
    co_await tools_.watch.until_available();
  }
  co_await kill_container();
  for (;;) co_await sleep_for(1h);
}

/// `until_exit` sees that it worked, and ends this.
awaitable<void> StepRun::kill_container() {
  const auto call = [this] { return tools_.engine.containers().kill(id_); };
  for (;; co_await sleep_for(kKillAgain)) {
    const Result<void> killed = co_await tools_.watch.persist(call);
    if (killed || killed.error().kind == Error::Kind::conflict || killed.error().kind == Error::Kind::not_found) {
      co_return;  // it does not run any more
    }
    log::warn("container can't be killed", {{"container", order_.spec.name}, {"error", killed.error()}});
  }
}

awaitable<Result<void>> StepRun::keep_synced() {
  std::uint64_t committed = capture_->writer().size();
  for (Duration waited{};; waited += 100ms) {
    co_await sleep_for(100ms);
    if (capture_->broken()) continue;
    const std::uint64_t unsynced = capture_->writer().size() - committed;
    if (unsynced == 0 || (unsynced < kSyncBytes && waited < kSyncEvery)) continue;
    waited = {};
    const Result<std::uint64_t> synced = co_await capture_->writer().sync();
    if (!synced) {
      capture_->break_off(synced.error());
      continue;
    }
    store::LogMark mark;
    mark.stored_offset = static_cast<std::int64_t>(*synced);
    auto commit = tools_.store.persist(&Attempts::log_reached, key(), std::move(mark));
    const Result<void> reached = co_await std::move(commit);
    if (!reached && reached.error().kind != Error::Kind::conflict) co_return fail(reached.error());
    committed = *synced;
  }
}

/// One more reading without following, since following drops an unterminated last line. Waits for the disk.
awaitable<Result<void>> StepRun::drain() {
  while (!lost_) {
    const Result<void> read = co_await read_log(false);
    if (read) co_return read;
    if (read.error().kind == Error::Kind::not_found) {
      lost_ = true;
    } else if (!read.error().transient()) {
      co_return read;
    }
    co_await sleep_for(capture_->broken() ? kDiskRetry : kLogRetry);
    co_await tools_.watch.until_available();
  }
  co_return capture_->broken() ? capture_->mend() : Result<void>();
}

/// What is there already; a failure is dealt with by who reads on, and by `sync_log`.
awaitable<Result<void>> StepRun::sync_ahead() {
  if (capture_->broken()) co_return Result<void>();
  const Result<std::uint64_t> synced = co_await capture_->writer().sync();
  if (!synced) capture_->break_off(synced.error());
  co_return Result<void>();
}

/// Brings all of the log to the disk, with the reason if the step was lost: what a failed sync may have lost is read
/// again.
awaitable<Result<std::uint64_t>> StepRun::sync_log() {
  const Outcome outcome = end_->outcome;
  for (;; co_await sleep_for(kDiskRetry)) {
    if (capture_->broken()) {
      const Result<void> drained = co_await drain();
      if (!drained && !drained.error().transient()) co_return fail(drained.error());
      if (!drained) continue;
    }
    const bool lost = outcome.verdict == Verdict::interrupted;
    const Result<void> noted = lost ? capture_->writer().note(outcome.reason) : Result<void>();
    Result<std::uint64_t> synced = fail(Error::Kind::internal, "");
    if (noted) {
      synced = co_await capture_->writer().sync();
    } else {
      synced = fail(noted.error());
    }
    if (synced || !synced.error().transient()) co_return synced;
    capture_->break_off(synced.error());
  }
}

}  // namespace slipway::runs
