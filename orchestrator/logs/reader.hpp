#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/ids.hpp"
#include "orchestrator/logs/record.hpp"

namespace slipway::logs {

/// Names one log of one run: `name` is the attempt's log name in the store ("unit.test.a1", "image.app.a1"), made of
/// letters, digits, '.', '_' and '-' (anything else is refused, so a name can't leave the data folder).
struct LogKey {
  LogKey(RunId r, std::string n) : run(r), name(std::move(n)) {}
  RunId run;
  std::string name;
  friend auto operator<=>(const LogKey&, const LogKey&) = default;
};

/// What one read gave.
struct LogChunk {
  std::vector<Record> records;
  std::uint64_t offset = 0;  ///< of the first record
  std::uint64_t next = 0;    ///< where to go on reading: the id to give an SSE event, and what a client resumes with
  bool ended = false;        ///< nothing comes after `next`, ever
};

/// Reads stored logs, growing or compressed. Offsets count bytes of the uncompressed records and stay valid when the
/// log is compressed and across restarts, so a client can always resume; one that is not the start of a record is
/// moved forward to the next. There are no queues: a follower is woken and reads the file at its own pace.
class LogReader {
 public:
  virtual ~LogReader() = default;

  /// Up to about `limit` bytes of records (at most 1 MiB) from `offset`; empty at the end. No such log: not_found.
  virtual awaitable<Result<LogChunk>> read(LogKey key, std::uint64_t offset, std::size_t limit = 256 << 10) = 0;

  /// Like read, but waits until there is something after `offset` or the log has ended. Waits for a log that does not
  /// exist yet, too (its step has not started): set a deadline and cancel.
  virtual awaitable<Result<LogChunk>> follow(LogKey key, std::uint64_t offset, std::size_t limit = 256 << 10) = 0;

  /// The last `lines` lines (at most 10 000, at most 1 MiB), to go on with from `next`.
  virtual awaitable<Result<LogChunk>> tail(LogKey key, std::size_t lines) = 0;
};

}  // namespace slipway::logs
