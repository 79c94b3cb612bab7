#include "orchestrator/store/committer.hpp"

#include <algorithm>

#include "base/log.hpp"

namespace slipway::store {

namespace {

constexpr std::string_view kMend =
    "stop slipwayd, then put a backup in its place: slipwayd restore FILE --force; or save what can be read: "
    "sqlite3 slipway.db .recover | sqlite3 mended.db, and put that in the place of slipway.db";

Error bug(const std::exception& e) {
  return {Error::Kind::internal, std::string("store: ") + e.what()};
}

}  // namespace

Condition Status::condition() const {
  const std::lock_guard lock(mutex_);
  return condition_;
}

void Status::writable() {
  const std::lock_guard lock(mutex_);
  if (condition_.kind != Condition::Kind::failing) return;
  condition_ = {};
  log::info("store takes writes again");
}

void Status::failing(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (condition_.kind != Condition::Kind::writable) return;
  condition_ = {Condition::Kind::failing, error.message,
                "make room on the disk of the data folder, or replace it; nothing new starts until then"};
  log::error("store can't write", {{"reason", error}});
}

void Status::damaged(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (condition_.kind == Condition::Kind::read_only) return;
  condition_ = {Condition::Kind::read_only, reason, std::string(kMend)};
  log::error("store is damaged; nothing is written any more", {{"reason", reason}});
}

void Status::committed(std::int64_t seq) {
  ++commits_;
  std::vector<std::shared_ptr<Waker>> wakers;
  {
    const std::lock_guard lock(mutex_);
    if (seq == newest_event_) return;
    newest_event_ = seq;
    wakers.swap(event_wakers_);
  }
  for (const auto& waker : wakers) Waker::wake(waker);
}

std::shared_ptr<Waker> Status::next_event(std::int64_t seen) {
  const std::lock_guard lock(mutex_);
  if (newest_event_ > seen) return nullptr;
  // Those whose waiting was cancelled are held by nobody else.
  std::erase_if(event_wakers_, [](const auto& waker) { return waker.use_count() == 1; });
  return event_wakers_.emplace_back(std::make_shared<Waker>());
}

Committer::~Committer() {
  for (const auto& operation : held_) {
    operation->fail_with(Error(Error::Kind::unavailable, "store closed before the disk took writes again"));
    Waker::wake(operation->waker());
  }
}

bool Committer::commit(const Batch& fresh) {
  Batch batch = std::exchange(held_, {});
  batch.insert(batch.end(), fresh.begin(), fresh.end());
  failing_ = false;
  try {
    connection_.run("BEGIN IMMEDIATE", {});
    if (batch.empty()) try_disk();
    run_all(batch);
    finish();
    if (!failing_) status_.writable();
  } catch (const StatementFailed& failure) {
    note(failure);
    roll_back();
    give_up(batch, failure.error());
  }
  for (const auto& operation : batch) {
    if (!held(operation)) Waker::wake(operation->waker());
  }
  return failing_ && status_.condition().kind == Condition::Kind::failing;
}

void Committer::try_disk() {
  connection_.run("INSERT INTO meta VALUES ('tried', '0') ON CONFLICT (name) DO UPDATE SET value = 1 - value", {});
}

void Committer::run_all(const Batch& batch) {
  for (const auto& operation : batch) {
    const auto marked = connection_.marked();
    connection_.run("SAVEPOINT operation", {});
    if (!run_one(*operation)) {
      connection_.run("ROLLBACK TO operation", {});
      connection_.unmark(marked);
    }
    connection_.run("RELEASE operation", {});
  }
}

bool Committer::run_one(Operation& operation) {
  try {
    return operation.run(connection_);
  } catch (const StatementFailed& failure) {
    // Some failures take the whole transaction with them, what others did in it included. And what waits for the disk
    // must not be overtaken.
    const bool waits = operation.patient() && failure.error().kind == Error::Kind::unavailable;
    if (waits || !connection_.in_transaction()) throw;
    note(failure);
    operation.fail_with(failure.error());
  } catch (const std::exception& e) {
    operation.fail_with(bug(e));
  }
  return false;
}

void Committer::finish() {
  std::int64_t newest = 0;
  connection_.run("SELECT max(seq) FROM events", {}, [&](const Row& row) { row.into(newest); });
  const auto marks = connection_.take_marks();
  if (probe_) probe_->before_commit(marks);
  connection_.run("COMMIT", {});
  if (probe_) probe_->after_commit(marks);
  status_.committed(std::max(newest, status_.newest_event()));
}

void Committer::give_up(const Batch& batch, const Error& error) {
  (void)connection_.take_marks();
  const Condition now = status_.condition();
  Error told = error;
  if (told.hint.empty()) told.hint = now.hint;
  for (const auto& operation : batch) {
    if (operation->patient() && now.kind == Condition::Kind::failing) {
      held_.push_back(operation);
    } else {
      operation->fail_with(told);
    }
  }
}

bool Committer::held(const std::shared_ptr<Operation>& operation) const {
  return std::find(held_.begin(), held_.end(), operation) != held_.end();
}

void Committer::roll_back() {
  if (!connection_.in_transaction()) return;
  try {
    connection_.run("ROLLBACK", {});
  } catch (const StatementFailed& failure) {
    log::error("store can't roll back", {{"reason", failure.error()}});
  }
}

void Committer::note(const StatementFailed& failure) {
  if (failure.damaged()) status_.damaged(failure.error().message);
  if (failure.error().kind != Error::Kind::unavailable) return;
  failing_ = true;
  status_.failing(failure.error());
}

void run_read(SqliteConnection& connection, Status& status, Operation& operation) {
  try {
    connection.run("BEGIN", {});
    operation.run(connection);
  } catch (const StatementFailed& failure) {
    if (failure.damaged()) status.damaged(failure.error().message);
    operation.fail_with(failure.error());
  } catch (const std::exception& e) {
    operation.fail_with(bug(e));
  }
  try {
    if (connection.in_transaction()) connection.run("COMMIT", {});
  } catch (const StatementFailed& failure) {
    log::error("store can't end a read", {{"reason", failure.error()}});
  }
  Waker::wake(operation.waker());
}

}  // namespace slipway::store
