#pragma once
#include <atomic>
#include <mutex>

#include "orchestrator/store/lane.hpp"
#include "orchestrator/store/sqlite_connection.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::store {

/// What the two lanes have to tell the rest of the program. Used by several threads.
class Status {
 public:
  [[nodiscard]] Condition condition() const;
  void writable();
  void failing(const Error& error);
  void damaged(const std::string& reason);

  /// Tells that the newest event committed is `seq`.
  void committed(std::int64_t seq);
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  [[nodiscard]] std::int64_t newest_event() const { return newest_event_; }
  void set_newest_event(std::int64_t seq) { newest_event_ = seq; }
  /// Something to wait on for an event newer than `seen`; nothing if there is one.
  std::shared_ptr<Waker> next_event(std::int64_t seen);

 private:
  mutable std::mutex mutex_;
  Condition condition_;
  std::vector<std::shared_ptr<Waker>> event_wakers_;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::int64_t> newest_event_ = 0;
};

/// Turns batches of operations into commits. Used by the writer's thread; borrows all that it is given.
class Committer {
 public:
  Committer(SqliteConnection& connection, Status& status, CommitProbe* probe)
      : connection_(connection), status_(status), probe_(probe) {}

  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;
  /// Fails those that still wait for the disk.
  ~Committer();

  /// One commit, one fsync, of those that wait for the disk and then of `fresh`. Without any it tries whether the disk
  /// takes writes again. True: it does not, at present.
  bool commit(const Batch& fresh);

 private:
  void try_disk();
  void run_all(const Batch& batch);
  bool run_one(Operation& operation);
  void finish();
  void give_up(const Batch& batch, const Error& error);
  bool held(const std::shared_ptr<Operation>& operation) const;
  void roll_back();
  void note(const StatementFailed& failure);

  SqliteConnection& connection_;
  Status& status_;
  CommitProbe* probe_;
  bool failing_ = false;
  Batch held_;  // patient ones that failed, in their order
};

/// Runs one operation on a snapshot of its own. Used by the reader's thread.
void run_read(SqliteConnection& connection, Status& status, Operation& operation);

}  // namespace slipway::store
