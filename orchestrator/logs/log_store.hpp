#pragma once
#include <chrono>
#include <filesystem>
#include <list>
#include <map>
#include <memory>

#include "orchestrator/logs/reader.hpp"

namespace slipway::logs {

class LogStore;

/// The one writer of a growing log. Closing it (destroying) leaves the log as it is, to be opened again; `seal` ends
/// it. Borrows the store.
class LogWriter {
 public:
  LogWriter(LogStore& store, LogKey key, int fd, std::uint64_t size);
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;
  ~LogWriter();

  /// Appends whole records and wakes followers. A disk that is full or fails is Kind::unavailable; what was written of
  /// it is taken back.
  Result<void> append(std::string_view records);
  /// One record of slipway's own, stamped with the present time.
  Result<void> note(std::string_view text);
  /// Waits until all that was appended before the call is on disk, and gives the log's size at the call. Rolled back
  /// meanwhile: Kind::unavailable.
  awaitable<Result<std::uint64_t>> sync();
  /// Cuts the log back to what is known to be on disk. After a failed sync that is all one can rely on: the kernel may
  /// have dropped the rest, and says so once.
  Result<void> roll_back();
  /// Syncs and ends the log: followers see its end. It is compressed in the background.
  awaitable<Result<void>> seal();

  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::uint64_t unsynced() const { return size_ - synced_; }
  /// Of the first record; empty while there is none.
  [[nodiscard]] const std::string& first_time() const { return first_time_; }
  /// Of the last record; empty while there is none.
  [[nodiscard]] const std::string& last_time() const { return last_time_; }

 private:
  void read_times();

  LogStore& store_;
  LogKey key_;
  int fd_;
  std::uint64_t size_;
  std::uint64_t synced_;
  std::uint64_t cuts_ = 0;  // how often it was rolled back
  bool folder_synced_;      // by a sync of this writer or of one before it
  std::string first_time_;
  std::string last_time_;
};

/// A failed write or sync of the log called `name`: a disk that is full or fails is Kind::unavailable, anything else
/// Kind::internal.
Error disk_error(const std::string& name, int code);

/// The logs below one folder, which it owns: `<folder>/<run>/<name>.log`. Disk reads and syncs run on `pool`, which it
/// borrows; appends go to the page cache from the io thread.
class LogStore final : public LogReader {
 public:
  LogStore(std::filesystem::path folder, Executor executor, Pool& pool);
  ~LogStore() override;

  /// A new log, or one to go on with: it is cut to `committed`, what the journal vouches for; shorter than that is
  /// Kind::internal. A sealed one is Kind::conflict.
  awaitable<Result<std::unique_ptr<LogWriter>>> open(LogKey key, std::uint64_t committed);

  /// Removes a log in whatever form, for one that is about to be written anew. None is success.
  Result<void> discard(const LogKey& key);

  /// Ends a log that a crash left open; one already ended, or none, is success.
  awaitable<Result<void>> seal(LogKey key);

  /// Compresses what a crash left complete but not compressed.
  awaitable<Result<void>> recover();

  /// Removes all logs of a run.
  awaitable<Result<void>> remove(RunId run);
  /// The runs that have logs, or at least a folder for them.
  awaitable<Result<std::vector<RunId>>> runs();

  /// Why logs can't be written: the last failure, unless a log has reached the disk since, or it is 10 s ago. Empty:
  /// they can, as far as is known.
  [[nodiscard]] std::string trouble() const;

  /// Waits for compressions that run; the last thing before destruction.
  awaitable<void> close();

  awaitable<Result<LogChunk>> read(LogKey key, std::uint64_t offset, std::size_t limit) override;
  awaitable<Result<LogChunk>> follow(LogKey key, std::uint64_t offset, std::size_t limit) override;
  awaitable<Result<LogChunk>> tail(LogKey key, std::size_t lines) override;

 private:
  friend class LogWriter;
  [[nodiscard]] std::filesystem::path base_of(const LogKey& key) const;
  void wake(const LogKey& key);
  Error note_trouble(Error error);
  void clear_trouble() { trouble_.clear(); }
  void compress_soon(LogKey key);
  awaitable<void> compress(LogKey key);
  awaitable<void> wait(LogKey key);

  std::filesystem::path folder_;
  Pool& pool_;
  Tasks compressions_;
  std::multimap<LogKey, asio::steady_timer*> followers_;
  std::string trouble_;
  std::chrono::steady_clock::time_point trouble_at_;
};

}  // namespace slipway::logs
