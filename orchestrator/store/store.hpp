#pragma once
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <tuple>

#include "base/async.hpp"
#include "orchestrator/store/operation.hpp"
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// Watches commits: where a test kills the process. Called on the writer's thread with the marks of the batch.
class CommitProbe {
 public:
  virtual ~CommitProbe() = default;
  virtual void before_commit(std::span<const std::string> marks) = 0;
  virtual void after_commit(std::span<const std::string> marks) = 0;
};

/// How the store is. `failing`: the last write could not be made (the disk is full, or broken); the next that works
/// ends it. `read_only`: damaged, no write is taken until a person has mended it.
struct Condition {
  enum class Kind { writable, failing, read_only };
  Kind kind = Kind::writable;
  std::string reason;  ///< one line; empty when writable
  std::string hint;    ///< how a person can mend it
};

struct StoreOptions {
  CommitProbe* probe = nullptr;    ///< borrowed
  std::size_t queue_limit = 4096;  ///< operations that wait; more are refused with Kind::unavailable
  std::size_t batch_limit = 256;   ///< operations of one commit
};

/// The daemon's memory: everything that must survive it, in `<folder>/slipway.db`. Owns the folder (no second process
/// can open it; `write_beside` is the one way around), one thread that writes and one that reads, so that the io thread
/// never waits for the disk.
///
///   Result<Run> run = co_await store.read(&Runs::get, id);
///   Result<void> done = co_await store.write(&Runs::finish, id, Verdict::passed, std::string(), clock.now());
///
/// A write has resolved when it is on the disk. Writes that wait are committed together, with one fsync; each has a
/// savepoint of its own, so one that fails changes nothing and leaves the others alone. They take effect in the order
/// in which they were asked for. A read sees all that was committed before it began. Cancelling a caller ends its
/// waiting, never the write. Callers resume on their own executor, which must be single-threaded or a strand.
class Store {
 public:
  /// Blocks: for the start of the daemon. Makes the folder (0700), locks it, brings the schema up to date, checks it.
  /// In use by another process: Kind::conflict, with its pid. Written by a newer version: Kind::invalid, with what to
  /// do. A damaged database opens read-only; see `condition`.
  static Result<std::unique_ptr<Store>> open(std::filesystem::path folder, StoreOptions options = {});
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;
  /// Commits what was asked for, then closes. Blocks.
  ~Store();

  /// Eight hex digits, made once per data folder.
  [[nodiscard]] const std::string& instance() const;
  /// The id that the applications of this installation are labelled with on their hosts: `instance`, unless those of a
  /// lost installation were adopted. A reference to it stays good, and sees it change.
  [[nodiscard]] const std::string& fleet() const;
  /// What the Adoptions table has committed. On the thread that everybody reads it on.
  void use_fleet(std::string fleet);
  [[nodiscard]] Condition condition() const;
  /// Transactions committed since opening; several writes share one.
  [[nodiscard]] std::uint64_t commits() const;

  /// One method of one table, e.g. `write(&Runs::approve, id, who, now)`.
  template <class Table, class T, class... P, class... A>
  awaitable<Result<T>> write(Result<T> (Table::*method)(P...), A... arguments) {
    return write(bind<Table>(method, std::tuple<std::decay_t<P>...>(std::move(arguments)...)));
  }
  template <class Table, class T, class... P, class... A>
  awaitable<Result<T>> read(Result<T> (Table::*method)(P...) const, A... arguments) {
    return read(bind<Table>(method, std::tuple<std::decay_t<P>...>(std::move(arguments)...)));
  }

  /// The same for what has happened already and must not be forgotten: while the disk takes no writes it waits, and is
  /// made before all that was asked for later and waits, too. `method` may run several times.
  template <class Table, class T, class... P, class... A>
  awaitable<Result<T>> persist(Result<T> (Table::*method)(P...), A... arguments) {
    auto work = [method, kept = std::tuple<std::decay_t<P>...>(std::move(arguments)...)](Transaction& tx) {
      return std::apply([&](const auto&... each) { return (Table(tx).*method)(each...); }, kept);
    };
    return persist(std::move(work));
  }

  /// Several in one transaction: `work` is a Result<T>(Transaction&), run on another thread. A failed Result (or an
  /// exception) undoes all of it.
  template <std::invocable<Transaction&> Work>
  awaitable<std::invoke_result_t<Work&, Transaction&>> write(Work work) {
    return wait(pending(std::move(work)), Access::write);
  }
  template <std::invocable<Transaction&> Work>
  awaitable<std::invoke_result_t<Work&, Transaction&>> persist(Work work) {
    return wait(pending(std::move(work), true), Access::write);
  }
  template <std::invocable<Transaction&> Work>
  awaitable<std::invoke_result_t<Work&, Transaction&>> read(Work work) {
    return wait(pending(std::move(work)), Access::read);
  }

  /// Waits until an event newer than `seen` is committed, and gives the newest one's number. For streams and the
  /// scheduler: nobody is told what happened, only that something did, so nothing is lost when they are slow.
  awaitable<std::int64_t> next_event(std::int64_t seen);
  /// Of the newest event committed; 0: none.
  [[nodiscard]] std::int64_t newest_event() const;

 private:
  enum class Access { write, read };
  class Impl;

  explicit Store(std::unique_ptr<Impl> impl);
  Result<void> submit(std::shared_ptr<Operation> operation, Access access);

  template <class Table, class Method, class Arguments>
  static auto bind(Method method, Arguments arguments) {
    return [method, arguments = std::move(arguments)](Transaction& tx) mutable {
      return std::apply([&](auto&... each) { return (Table(tx).*method)(std::move(each)...); }, arguments);
    };
  }

  template <class Work>
  static auto pending(Work work, bool patient = false) {
    return std::make_shared<Pending<std::invoke_result_t<Work&, Transaction&>>>(std::move(work), patient);
  }

  template <class Outcome>
  awaitable<Outcome> wait(std::shared_ptr<Pending<Outcome>> pending, Access access) {
    if (auto taken = submit(pending, access); !taken) co_return fail(std::move(taken).error());
    co_await Waker::wait(pending->waker());
    co_return pending->take();
  }

  std::unique_ptr<Impl> impl_;
};

}  // namespace slipway::store
