#pragma once
#include "orchestrator/logs/log_store.hpp"
#include "orchestrator/logs/masker.hpp"

namespace slipway::runs {

/// The log of what slipway itself does for a run: a build, a push, a rollout. Lines are masked; over the limit they are
/// dropped, and it says so. After a restart builds and pushes, which are done again, begin theirs anew; a rollout,
/// which goes on, resumes it.
class RunLog {
 public:
  /// A new one, in the place of what there was. Waits for a disk that is full or fails.
  static awaitable<Result<std::unique_ptr<RunLog>>> open(logs::LogStore& logs, logs::LogKey key,
                                                         std::shared_ptr<const logs::MaskPatterns> masks,
                                                         std::uint64_t limit);
  /// What an earlier process has said stays, and more is added; to a log that was sealed nothing.
  static awaitable<Result<std::unique_ptr<RunLog>>> resume(logs::LogStore& logs, logs::LogKey key,
                                                           std::shared_ptr<const logs::MaskPatterns> masks,
                                                           std::uint64_t limit);
  /// Without a writer it is one that was sealed.
  RunLog(std::unique_ptr<logs::LogWriter> writer, std::shared_ptr<const logs::MaskPatterns> masks, std::uint64_t limit)
      : writer_(std::move(writer)), masks_(std::move(masks)), limit_(limit) {}

  /// Text of one line or several; a full disk loses them, and is told of by the daemon's own log.
  void say(std::string_view text, logs::Stream stream = logs::Stream::out);
  awaitable<void> seal();

 private:
  void line(std::string_view text, logs::Stream stream);

  std::unique_ptr<logs::LogWriter> writer_;
  std::shared_ptr<const logs::MaskPatterns> masks_;
  std::uint64_t limit_;
  bool full_ = false;
};

}  // namespace slipway::runs
