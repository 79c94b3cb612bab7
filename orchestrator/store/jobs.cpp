#include "orchestrator/store/jobs.hpp"

#include "orchestrator/store/query.hpp"
#include "orchestrator/store/timeline.hpp"

namespace slipway::store {

namespace {

Job job_of(const Row& row) {
  Job j;
  row.into(j.run, j.name, j.kind, j.position, j.state, j.verdict, j.reason, j.attempt, j.deadline, j.stop_reason,
           j.started, j.finished, j.time_left);
  return j;
}

Result<void> refuse(const JobKey& key, std::string_view wish) {
  return fail(Error::Kind::conflict,
              "job " + key.name + " of run " + to_string(key.run) + " is in no state to be " + std::string(wish));
}

}  // namespace

Result<void> Jobs::start_attempt(JobKey key, std::int64_t attempt, Time deadline, Time at) {
  const auto changed = tx_.run(
      "UPDATE jobs SET state = 'running', attempt = ?4, deadline = ?5, started = coalesce(started, ?6), "
      "reason = '', stop_reason = '' "
      "WHERE run = ?1 AND kind = ?2 AND name = ?3 AND state <> 'finished' AND attempt = ?4 - 1",
      {key.run, key.kind, key.name, attempt, deadline, at});
  if (changed == 0) return refuse(key, "started as attempt " + std::to_string(attempt));
  tell(tx_, key.run, "job.started", at, {{"job", key.name}, {"kind", key.kind}, {"attempt", attempt}});
  return {};
}

Result<void> Jobs::hold(JobKey key, std::string reason, Milliseconds left, Time at) {
  const auto changed = tx_.run(
      "UPDATE jobs SET state = 'blocked', reason = ?4, deadline = NULL, time_left = ?5 WHERE run = ?1 AND kind = ?2 "
      "AND name = ?3 AND attempt > 0 AND state IN ('running', 'blocked')",
      {key.run, key.kind, key.name, clipped(reason), left.count()});
  if (changed == 0) return refuse(key, "blocked");
  tell(tx_, key.run, "job.blocked", at, {{"job", key.name}, {"kind", key.kind}, {"reason", reason}});
  return {};
}

Result<void> Jobs::release(JobKey key, Time deadline, Time run_deadline, Time at) {
  const auto changed = tx_.run(
      "UPDATE jobs SET state = 'running', reason = '', deadline = ?4 WHERE run = ?1 AND kind = ?2 AND name = ?3 "
      "AND attempt > 0 AND state = 'blocked'",
      {key.run, key.kind, key.name, deadline});
  if (changed == 0) return refuse(key, "unblocked");
  tx_.run("UPDATE runs SET deadline = max(deadline, ?2) WHERE id = ?1", {key.run, run_deadline});
  tell(tx_, key.run, "job.unblocked", at, {{"job", key.name}, {"kind", key.kind}});
  return {};
}

Result<std::vector<RunId>> Jobs::idle_runs() const {
  return rows(tx_,
              "SELECT id FROM runs r WHERE state = 'running' "
              "AND EXISTS (SELECT 1 FROM jobs WHERE run = r.id AND state = 'blocked' AND attempt > 0) "
              "AND NOT EXISTS (SELECT 1 FROM jobs WHERE run = r.id AND state = 'running')",
              {}, [](const Row& row) {
                RunId id;
                row.into(id);
                return id;
              });
}

Result<void> Jobs::block(JobKey key, std::string reason, Time at) {
  const auto changed = tx_.run(
      "UPDATE jobs SET state = 'blocked', reason = ?4 WHERE run = ?1 AND kind = ?2 AND name = ?3 AND state = 'pending'",
      {key.run, key.kind, key.name, clipped(reason)});
  if (changed == 0) return refuse(key, "blocked");
  tell(tx_, key.run, "job.blocked", at, {{"job", key.name}, {"kind", key.kind}, {"reason", reason}});
  return {};
}

Result<void> Jobs::unblock(JobKey key, Time at) {
  const auto changed = tx_.run(
      "UPDATE jobs SET state = 'pending', reason = '' WHERE run = ?1 AND kind = ?2 AND name = ?3 AND state = 'blocked'",
      {key.run, key.kind, key.name});
  if (changed == 0) return refuse(key, "unblocked");
  tell(tx_, key.run, "job.unblocked", at, {{"job", key.name}, {"kind", key.kind}});
  return {};
}

Result<void> Jobs::stop(JobKey key, std::string reason, Time at) {
  const auto changed = tx_.run(
      "UPDATE jobs SET stop_reason = CASE stop_reason WHEN '' THEN ?4 ELSE stop_reason END "
      "WHERE run = ?1 AND kind = ?2 AND name = ?3 AND state <> 'finished'",
      {key.run, key.kind, key.name, clipped(reason)});
  if (changed == 0) return refuse(key, "stopped");
  tell(tx_, key.run, "job.stopping", at, {{"job", key.name}, {"kind", key.kind}, {"reason", reason}});
  return {};
}

Result<void> Jobs::finish(JobKey key, Verdict verdict, std::string reason, Time at) {
  const auto changed = tx_.run(
      "UPDATE jobs SET state = 'finished', verdict = ?4, reason = ?5, finished = ?6 "
      "WHERE run = ?1 AND kind = ?2 AND name = ?3 AND state <> 'finished'",
      {key.run, key.kind, key.name, verdict, clipped(reason), at});
  if (changed == 0) return refuse(key, "finished");
  tell(tx_, key.run, "job.finished", at,
       {{"job", key.name}, {"kind", key.kind}, {"verdict", verdict}, {"reason", reason}});
  return {};
}

Result<std::vector<Job>> Jobs::list(RunId run) const {
  return rows(tx_,
              "SELECT run, name, kind, position, state, verdict, reason, attempt, deadline, stop_reason, started, "
              "finished, time_left FROM jobs WHERE run = ?1 ORDER BY position",
              {run}, job_of);
}

}  // namespace slipway::store
