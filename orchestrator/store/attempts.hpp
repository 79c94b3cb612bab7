#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// What a container is for.
enum class ContainerRole : std::uint8_t { step, service, pause, helper };
template <>
struct Names<ContainerRole> {
  static constexpr std::array<std::string_view, 4> list{"step", "service", "pause", "helper"};
};

/// intent → created → running → exited → removed. A container that is not what we meant is quarantined.
enum class AttemptState : std::uint8_t { intent, created, running, exited, removed, quarantined };
template <>
struct Names<AttemptState> {
  static constexpr std::array<std::string_view, 6> list{"intent", "created", "running",
                                                        "exited", "removed", "quarantined"};
};

struct AttemptKey {
  AttemptKey() = default;
  AttemptKey(RunId r, std::string j, std::string s, std::int64_t a)
      : run(r), job(std::move(j)), step(std::move(s)), attempt(a) {}
  RunId run;
  std::string job;
  std::string step;
  std::int64_t attempt = 1;
};

/// How far a log has come. The journal vouches for `stored_offset` bytes on disk; see orchestrator/logs.
struct LogMark {
  LogMark() = default;
  std::int64_t raw_offset = 0;     ///< bytes of the Engine's multiplexed stream read
  std::int64_t stored_offset = 0;  ///< bytes of records on disk
  std::int64_t content_bytes = 0;  ///< bytes the program wrote
  std::string sha256;              ///< of those; set at the end
  bool truncated = false;          ///< the cap was reached
  bool gap = false;                ///< the Engine dropped lines before they were read
};

/// One container of a run, and everything that is known of it: the step journal.
struct Attempt {
  AttemptKey key;
  ContainerRole role = ContainerRole::step;
  std::int64_t position = 0;  ///< of the step in its job
  AttemptState state = AttemptState::intent;
  std::string container_name;
  std::string container_id;
  std::string spec_hash;
  std::string log_name;       ///< empty: its log is not kept
  std::string detail = "{}";  ///< JSON of the driver's own
  Time created{};
  std::optional<Time> started;  ///< as the Engine says
  std::optional<Time> deadline;
  std::optional<Time> finished;
  std::optional<std::int64_t> exit_code;
  bool oom = false;
  std::string error;  ///< why it did not run or was lost; empty when it ended by itself
  LogMark log;
  std::string stop_reason;  ///< slipway was about to tell the container, which ran, to stop; empty: it was not
};

struct AttemptExit {
  AttemptExit() = default;
  std::optional<std::int64_t> exit_code;
  bool oom = false;
  std::string error;
  Time finished{};
  LogMark log;
};

/// Every change names the state it starts from; when the row is in another one the answer is Kind::conflict and nothing
/// changes. So an attempt gets its `started` once: it can't be started twice.
class Attempts {
 public:
  explicit Attempts(Transaction& tx) : tx_(tx) {}

  /// Conflict if there is such an attempt, or another with this container name.
  Result<void> intend(Attempt attempt);
  /// intent → created.
  Result<void> created(AttemptKey key, std::string container_id);
  /// created → running.
  Result<void> running(AttemptKey key, Time started);
  /// intent (could not be created), created (could not be started) or running → exited.
  Result<void> exited(AttemptKey key, AttemptExit how);
  /// exited or quarantined → removed: there is no such container any more.
  Result<void> removed(AttemptKey key);
  /// While created (and started, which is not committed yet) or running: notes why it is going to be told to stop. To
  /// be committed before it is told; the first reason stays.
  Result<void> stopping(AttemptKey key, std::string reason);
  /// intent, created or running → quarantined, with the reason as its error.
  Result<void> quarantine(AttemptKey key, std::string reason);
  /// While running: bytes that are on disk. Never goes back.
  Result<void> log_reached(AttemptKey key, LogMark mark);

  Result<Attempt> get(AttemptKey key) const;
  /// In the order they were intended.
  Result<std::vector<Attempt>> list(RunId run) const;
  /// Of all runs: whatever may still have a container (not removed).
  Result<std::vector<Attempt>> open() const;

 private:
  /// Why the attempt can't become what was wished.
  Result<void> refuse(const AttemptKey& key, AttemptState wish) const;

  Transaction& tx_;
};

}  // namespace slipway::store
