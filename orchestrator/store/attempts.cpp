#include "orchestrator/store/attempts.hpp"

#include "orchestrator/store/query.hpp"
#include "orchestrator/store/timeline.hpp"

namespace slipway::store {

namespace {

const std::string kSelectAttempts =
    "SELECT run, job, step, attempt, role, position, state, container_name, container_id, spec_hash, log_name, detail, "
    "created, started, deadline, finished, exit_code, oom, error, raw_offset, stored_offset, content_bytes, sha256, "
    "truncated, gap, stop_reason FROM attempts ";

Attempt attempt_of(const Row& row) {
  Attempt a;
  row.into(a.key.run, a.key.job, a.key.step, a.key.attempt, a.role, a.position, a.state, a.container_name,
           a.container_id, a.spec_hash, a.log_name, a.detail, a.created, a.started, a.deadline, a.finished, a.exit_code,
           a.oom, a.error, a.log.raw_offset, a.log.stored_offset, a.log.content_bytes, a.log.sha256, a.log.truncated,
           a.log.gap, a.stop_reason);
  return a;
}

std::string describe(const AttemptKey& key) {
  return "step " + key.step + " of job " + key.job + " of run " + to_string(key.run) + " (attempt " +
         std::to_string(key.attempt) + ")";
}

/// Steps and services are what people follow; the rest is machinery.
void tell_of(Transaction& tx, const Attempt& attempt, std::string_view kind, Time at,
             std::optional<std::int64_t> exit_code = {}, std::string_view error = {}) {
  const bool shown = attempt.role == ContainerRole::step || attempt.role == ContainerRole::service;
  if (!shown) return tx.mark(kind);
  tell(tx, attempt.key.run, kind, at,
       {{"job", attempt.key.job},
        {"step", attempt.key.step},
        {"attempt", attempt.key.attempt},
        {"role", attempt.role},
        {"exit_code", exit_code},
        {"error", error}});
}

}  // namespace

Result<void> Attempts::intend(Attempt attempt) {
  const AttemptKey& key = attempt.key;
  const auto taken = number(tx_,
                            "SELECT 1 FROM attempts WHERE (run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4) "
                            "OR container_name = ?5",
                            {key.run, key.job, key.step, key.attempt, attempt.container_name});
  if (taken) return fail(Error::Kind::conflict, describe(key) + " is in the journal already");
  tx_.run(
      "INSERT INTO attempts (run, job, step, attempt, role, position, state, container_name, container_id, "
      "spec_hash, log_name, detail, created, deadline) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'intent', ?7, '', ?8, ?9, ?10, ?11, ?12)",
      {key.run, key.job, key.step, key.attempt, attempt.role, attempt.position, attempt.container_name,
       attempt.spec_hash, attempt.log_name, attempt.detail, attempt.created, attempt.deadline});
  tx_.mark("attempt.intent");
  return {};
}

Result<void> Attempts::created(AttemptKey key, std::string container_id) {
  const auto changed = tx_.run(
      "UPDATE attempts SET state = 'created', container_id = ?5 "
      "WHERE run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4 AND state = 'intent'",
      {key.run, key.job, key.step, key.attempt, container_id});
  if (changed == 0) return refuse(key, AttemptState::created);
  tx_.mark("attempt.created");
  return {};
}

Result<void> Attempts::running(AttemptKey key, Time started) {
  const auto changed = tx_.run(
      "UPDATE attempts SET state = 'running', started = ?5 "
      "WHERE run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4 AND state = 'created' AND started IS NULL",
      {key.run, key.job, key.step, key.attempt, started});
  if (changed == 0) return refuse(key, AttemptState::running);
  const auto attempt = get(key);
  if (attempt) tell_of(tx_, *attempt, "step.running", started);
  return {};
}

Result<void> Attempts::exited(AttemptKey key, AttemptExit how) {
  const LogMark& log = how.log;
  const auto changed = tx_.run(
      "UPDATE attempts SET state = 'exited', exit_code = ?5, oom = ?6, error = ?7, finished = ?8, "
      "raw_offset = ?9, stored_offset = ?10, content_bytes = ?11, sha256 = ?12, truncated = ?13, gap = ?14 "
      "WHERE run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4 "
      "AND state IN ('intent', 'created', 'running')",
      {key.run, key.job, key.step, key.attempt, how.exit_code, how.oom, clipped(how.error), how.finished,
       log.raw_offset, log.stored_offset, log.content_bytes, log.sha256, log.truncated, log.gap});
  if (changed == 0) return refuse(key, AttemptState::exited);
  const auto attempt = get(key);
  if (attempt) tell_of(tx_, *attempt, "step.exited", how.finished, how.exit_code, how.error);
  return {};
}

Result<void> Attempts::removed(AttemptKey key) {
  const auto changed = tx_.run(
      "UPDATE attempts SET state = 'removed' "
      "WHERE run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4 AND state IN ('exited', 'quarantined')",
      {key.run, key.job, key.step, key.attempt});
  if (changed == 0) return refuse(key, AttemptState::removed);
  tx_.mark("attempt.removed");
  return {};
}

Result<void> Attempts::stopping(AttemptKey key, std::string reason) {
  const auto changed = tx_.run(
      "UPDATE attempts SET stop_reason = CASE stop_reason WHEN '' THEN ?5 ELSE stop_reason END "
      "WHERE run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4 AND state IN ('created', 'running')",
      {key.run, key.job, key.step, key.attempt, clipped(reason)});
  if (changed == 0) {
    return fail(Error::Kind::conflict, describe(key) + " has no container that could be told to stop");
  }
  tx_.mark("attempt.stopping");
  return {};
}

Result<void> Attempts::quarantine(AttemptKey key, std::string reason) {
  const auto changed = tx_.run(
      "UPDATE attempts SET state = 'quarantined', error = ?5 "
      "WHERE run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4 "
      "AND state IN ('intent', 'created', 'running')",
      {key.run, key.job, key.step, key.attempt, clipped(reason)});
  if (changed == 0) return refuse(key, AttemptState::quarantined);
  tx_.mark("attempt.quarantined");
  return {};
}

Result<void> Attempts::log_reached(AttemptKey key, LogMark mark) {
  const auto changed = tx_.run(
      "UPDATE attempts SET raw_offset = ?5, stored_offset = ?6, content_bytes = ?7, truncated = ?8, gap = ?9 "
      "WHERE run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4 AND state = 'running' "
      "AND stored_offset <= ?6",
      {key.run, key.job, key.step, key.attempt, mark.raw_offset, mark.stored_offset, mark.content_bytes, mark.truncated,
       mark.gap});
  if (changed == 0) {
    return fail(Error::Kind::conflict, describe(key) + ": its log is past " + std::to_string(mark.stored_offset) +
                                           " bytes, or it is not running");
  }
  tx_.mark("attempt.log");
  return {};
}

Result<void> Attempts::refuse(const AttemptKey& key, AttemptState wish) const {
  const auto attempt = get(key);
  if (!attempt) return fail(attempt.error());
  return fail(Error::Kind::conflict, describe(key) + " is " + std::string(name_of(attempt->state)) +
                                         " and can't become " + std::string(name_of(wish)));
}

Result<Attempt> Attempts::get(AttemptKey key) const {
  return one(tx_, kSelectAttempts + "WHERE run = ?1 AND job = ?2 AND step = ?3 AND attempt = ?4",
             {key.run, key.job, key.step, key.attempt}, attempt_of, describe(key));
}

Result<std::vector<Attempt>> Attempts::list(RunId run) const {
  return rows(tx_, kSelectAttempts + "WHERE run = ?1 ORDER BY id", {run}, attempt_of);
}

Result<std::vector<Attempt>> Attempts::open() const {
  return rows(tx_, kSelectAttempts + "WHERE state <> 'removed' ORDER BY id", {}, attempt_of);
}

}  // namespace slipway::store
