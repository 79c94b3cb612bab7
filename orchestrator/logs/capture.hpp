#pragma once
#include <memory>
#include <optional>

#include "orchestrator/logs/log_store.hpp"
#include "orchestrator/logs/transcriber.hpp"

namespace slipway::logs {

/// Brings the Engine's log of one container to disk, each byte once, however often the Engine's log has to be read.
///
/// A log is read in passes, each from the very start of the Engine's log: the first one follows; another begins after a
/// lost connection, after a restart of the daemon, and, without following, when the container has ended (`follow`
/// drops an unterminated last line). Since records are a pure function of frames, a pass makes the same bytes again,
/// and what is on disk already is skipped.
class Capture {
 public:
  Capture(std::unique_ptr<LogWriter> writer, std::shared_ptr<const MaskPatterns> patterns, std::uint64_t limit);

  /// The next frame will be the first of the Engine's log.
  void begin_pass();
  /// A whole frame of logs?timestamps=1.
  Result<void> frame(Stream stream, std::string_view payload);
  /// The pass that was not following has reached the end, and the container has, too.
  Result<void> end();

  /// In place of `end`: the Engine can't give the rest. What is held back comes out, and a line that says why the rest
  /// is missing.
  Result<void> cut_off(std::string_view why);

  /// The log reached its limit: the step must be stopped, the rest of its output is dropped.
  [[nodiscard]] bool over_limit() const { return over_limit_; }
  /// The Engine's log no longer begins where ours does: it wrote more than it keeps while nobody read.
  [[nodiscard]] bool has_gap() const { return has_gap_; }
  /// The last pass was cut off.
  [[nodiscard]] bool is_cut_off() const { return cut_off_; }
  /// The disk could not take what was read: nothing more is stored before `mend`.
  [[nodiscard]] const std::optional<Error>& broken() const { return broken_; }
  /// The same for a sync of the writer that has failed.
  void break_off(Error error) { broken_ = std::move(error); }
  /// Goes back to what is on the disk for sure; the next pass brings the rest again.
  Result<void> mend();
  /// Of the last pass: bytes the program wrote, and (once, after `end`) their SHA-256.
  [[nodiscard]] std::uint64_t content_bytes() const { return transcriber_->content_bytes(); }
  std::string content_sha256() { return transcriber_->content_sha256(); }

  LogWriter& writer() { return *writer_; }

 private:
  Result<void> store(std::string records);
  Result<void> append(std::string_view records);
  Result<void> store_after_gap(std::string_view records);

  std::unique_ptr<LogWriter> writer_;
  std::shared_ptr<const MaskPatterns> patterns_;
  std::uint64_t limit_;
  std::optional<Transcriber> transcriber_;
  std::uint64_t skip_ = 0;
  bool first_of_pass_ = true;
  bool over_limit_ = false;
  bool has_gap_ = false;
  bool cut_off_ = false;
  std::optional<Error> broken_;
  std::string stored_until_;  // with a gap: the time of the newest record before it
};

}  // namespace slipway::logs
