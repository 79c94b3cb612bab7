#include "orchestrator/runs/run_log.hpp"

#include <algorithm>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace slipway::runs {

awaitable<Result<std::unique_ptr<RunLog>>> RunLog::open(logs::LogStore& logs, logs::LogKey key,
                                                        std::shared_ptr<const logs::MaskPatterns> masks,
                                                        std::uint64_t limit) {
  for (;; co_await sleep_for(std::chrono::seconds(1))) {
    const Result<void> discarded = logs.discard(key);
    if (!discarded && discarded.error().transient()) continue;
    if (!discarded) co_return fail(discarded.error());
    auto opening = logs.open(key, 0);
    Result<std::unique_ptr<logs::LogWriter>> writer = co_await std::move(opening);
    if (!writer && writer.error().transient()) continue;
    if (!writer) co_return fail(writer.error());
    co_return std::make_unique<RunLog>(std::move(*writer), std::move(masks), limit);
  }
}

awaitable<Result<std::unique_ptr<RunLog>>> RunLog::resume(logs::LogStore& logs, logs::LogKey key,
                                                          std::shared_ptr<const logs::MaskPatterns> masks,
                                                          std::uint64_t limit) {
  for (;; co_await sleep_for(std::chrono::seconds(1))) {
    auto looking = logs.tail(key, 1);
    const Result<logs::LogChunk> last = co_await std::move(looking);
    if (!last && last.error().transient()) continue;
    if (!last) break;
    if (last->ended) co_return std::make_unique<RunLog>(nullptr, std::move(masks), limit);
    auto opening = logs.open(key, last->next);
    Result<std::unique_ptr<logs::LogWriter>> writer = co_await std::move(opening);
    if (!writer && writer.error().transient()) continue;
    if (!writer) co_return fail(writer.error());
    co_return std::make_unique<RunLog>(std::move(*writer), std::move(masks), limit);
  }
  // None is there, or none that can be read.
  auto opening = open(logs, std::move(key), std::move(masks), limit);
  co_return co_await std::move(opening);
}

void RunLog::say(std::string_view text, logs::Stream stream) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    line(text.substr(0, end), stream);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

void RunLog::line(std::string_view text, logs::Stream stream) {
  if (full_ || !writer_) return;
  logs::Masker masker(*masks_);
  std::string shown = masker.feed(text);  // of a + either side may come first
  shown += masker.end_line();
  if (writer_->size() + shown.size() > limit_) {
    full_ = true;
    stream = logs::Stream::slipway;
    shown = "the log is over its limit of " + std::to_string(limit_) + " bytes: what follows is left out";
  }
  std::string record;
  logs::append_record(record, format_time(SystemClock().now()), stream, true, shown);
  const Result<void> appended = writer_->append(record);
  if (appended) return;
  full_ = true;
  log::warn("log can't be written", {{"error", appended.error()}});
}

awaitable<void> RunLog::seal() {
  if (!writer_) co_return;
  const Result<void> sealed = co_await writer_->seal();
  if (!sealed) log::warn("log can't be sealed", {{"error", sealed.error()}});
}

}  // namespace slipway::runs
