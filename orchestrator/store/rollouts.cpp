#include "orchestrator/store/rollouts.hpp"

#include "orchestrator/store/query.hpp"
#include "orchestrator/store/timeline.hpp"
#include "orchestrator/store/trail.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kMostRollouts = 200;

const std::string kSelectRollouts =
    "SELECT id, application, generation, run, job, attempt, kind, state, ended, reason, plan, progress, fence, "
    "requested_by, created, finished, evidence FROM rollouts ";

const std::string kAskedFor = "WHERE application = ?1 AND kind NOT IN ('heal', 'catch_up') ";

Rollout rollout_of(const Row& row) {
  Rollout r;
  row.into(r.id, r.application, r.generation, r.run, r.job, r.attempt, r.kind, r.state, r.ended, r.reason, r.plan,
           r.progress, r.fence, r.requested_by, r.created, r.finished, r.evidence);
  return r;
}

RolloutHost host_of(const Row& row) {
  RolloutHost h;
  row.into(h.rollout, h.host, h.batch, h.state, h.old_containers, h.new_containers, h.digest, h.detail, h.updated);
  return h;
}

}  // namespace

Result<RolloutId> Rollouts::add(Rollout rollout) {
  if (rollout.run && find(rollout.run, rollout.job, rollout.attempt)) {
    return fail(Error::Kind::conflict, "job " + rollout.job + " has a rollout already");
  }
  const auto id = number(tx_,
                         "INSERT INTO rollouts (application, generation, run, job, attempt, kind, state, plan, "
                         "progress, requested_by, created, reason, evidence) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                         "?9, ?10, ?11, ?12, ?13) "
                         "RETURNING id",
                         {rollout.application, rollout.generation, rollout.run, rollout.job, rollout.attempt,
                          rollout.kind, rollout.state, rollout.plan, rollout.progress, rollout.requested_by,
                          rollout.created, clipped(rollout.reason), rollout.evidence});
  tell(tx_, RolloutId(*id), "rollout." + rollout.state, rollout.created,
       {{"generation", rollout.generation}, {"by", rollout.requested_by}, {"reason", rollout.reason}});
  note(RolloutId(*id), rollout.created, rollout.state, rollout.reason);
  return RolloutId(*id);
}

Result<std::int64_t> Rollouts::lease_above(RolloutId id, std::int64_t least, std::string holder, Time at) {
  const auto rollout = get(id);
  if (!rollout) return fail(rollout.error());
  if (rollout->ended) return fail(Error::Kind::conflict, "rollout " + to_string(id) + " has ended");
  const auto older = number(tx_,
                            "SELECT id FROM rollouts WHERE application = ?1 AND id <> ?2 AND ended = 0 AND "
                            "(fence > 0 OR (id < ?2 AND (kind NOT IN ('deploy', 'redeploy') OR "
                            "?3 IN ('deploy', 'redeploy')))) LIMIT 1",
                            {rollout->application, id, rollout->kind});
  if (older) {
    return fail(Error::Kind::conflict,
                "rollout " + std::to_string(*older) + " of " + rollout->application + " has not ended");
  }
  const auto fence = number(tx_, "UPDATE applications SET fence = max(fence, ?2) + 1 WHERE name = ?1 RETURNING fence",
                            {rollout->application, least});
  tx_.run("UPDATE rollouts SET fence = ?2 WHERE id = ?1", {id, *fence});
  tell(tx_, id, "rollout.leased", at, {{"fence", *fence}});
  note(id, at, "leased", holder, *fence);
  return *fence;
}

Result<void> Rollouts::save(RolloutId id, std::int64_t fence, RolloutProgress progress) {
  const auto rollout = get(id);
  if (!rollout) return fail(rollout.error());
  const auto changed = tx_.run(
      "UPDATE rollouts SET state = ?3, ended = ?4, reason = ?5, progress = ?6, "
      "finished = CASE ?4 WHEN 1 THEN ?7 END WHERE id = ?1 AND ended = 0 AND fence = ?2 AND fence > 0 "
      "AND fence = (SELECT fence FROM applications WHERE name = rollouts.application)",
      {id, fence, progress.state, progress.ended, clipped(progress.reason), progress.progress, progress.at});
  if (changed == 0) {
    return fail(Error::Kind::conflict, "rollout " + to_string(id) + " has ended or is in newer hands");
  }
  for (const RolloutHost& host : progress.hosts) save_host(id, host, fence);
  tx_.mark("rollout.saved");
  if (rollout->state != progress.state) {
    tell(tx_, id, "rollout." + progress.state, progress.at, {{"reason", progress.reason}});
    note(id, progress.at, progress.state, progress.reason, fence);
  }
  return {};
}

void Rollouts::note(RolloutId id, Time at, std::string what, const std::string& detail, std::int64_t fence,
                    const std::string& host) {
  TrailEntry entry(id, at, std::move(what));
  entry.fence = fence;
  entry.host = host;
  entry.detail = detail;
  // Nothing but the database itself can fail here, and that throws.
  (void)Trail(tx_).add(std::move(entry));
}

void Rollouts::save_host(RolloutId id, const RolloutHost& host, std::int64_t fence) {
  std::string before;
  tx_.run("SELECT state FROM rollout_hosts WHERE rollout = ?1 AND host = ?2", {id, host.host},
          [&](const Row& row) { row.into(before); });
  tx_.run(
      "INSERT INTO rollout_hosts (rollout, host, batch, state, old_containers, new_containers, digest, detail, "
      "updated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (rollout, host) DO UPDATE SET "
      "batch = excluded.batch, state = excluded.state, old_containers = excluded.old_containers, "
      "new_containers = excluded.new_containers, digest = excluded.digest, detail = excluded.detail, "
      "updated = excluded.updated",
      {id, host.host, host.batch, host.state, host.old_containers, host.new_containers, host.digest,
       clipped(host.detail), host.updated});
  if (before == host.state) return;
  tell(tx_, id, "host." + host.state, host.updated,
       {{"host", host.host}, {"batch", host.batch}, {"detail", host.detail}});
  note(id, host.updated, host.state, host.detail, fence, host.host);
}

Result<void> Rollouts::save_waiting(RolloutId id, RolloutProgress progress) {
  const auto before = get(id);
  if (!before) return fail(before.error());
  const auto changed =
      tx_.run("UPDATE rollouts SET state = ?2, reason = ?3, progress = ?4 WHERE id = ?1 AND ended = 0 AND fence = 0",
              {id, progress.state, clipped(progress.reason), progress.progress});
  if (changed == 0) return fail(Error::Kind::conflict, "rollout " + to_string(id) + " has begun or ended");
  tx_.mark("rollout.waits");
  if (before->state != progress.state || before->reason != progress.reason) {
    tell(tx_, id, "rollout." + progress.state, progress.at, {{"reason", progress.reason}});
    note(id, progress.at, progress.state, progress.reason);
  }
  return {};
}

Result<void> Rollouts::end_queued(RolloutId id, std::string state, std::string reason, Time at) {
  const auto changed = tx_.run(
      "UPDATE rollouts SET state = ?2, reason = ?3, ended = 1, finished = ?4 "
      "WHERE id = ?1 AND ended = 0 AND fence = 0",
      {id, state, clipped(reason), at});
  if (changed == 0) return fail(Error::Kind::conflict, "rollout " + to_string(id) + " is not queued");
  tell(tx_, id, "rollout." + state, at, {{"reason", reason}});
  note(id, at, state, reason);
  return {};
}

Result<Rollout> Rollouts::get(RolloutId id) const {
  return one(tx_, kSelectRollouts + "WHERE id = ?1", {id}, rollout_of, "rollout " + to_string(id));
}

Result<Rollout> Rollouts::find(RunId run, std::string job, std::int64_t attempt) const {
  return one(tx_, kSelectRollouts + "WHERE run = ?1 AND job = ?2 AND attempt = ?3", {run, job, attempt}, rollout_of,
             "rollout of job " + job);
}

Result<std::vector<RolloutHost>> Rollouts::hosts(RolloutId id) const {
  return rows(tx_,
              "SELECT rollout, host, batch, state, old_containers, new_containers, digest, detail, updated "
              "FROM rollout_hosts WHERE rollout = ?1 ORDER BY batch, host",
              {id}, host_of);
}

/// A rollout that was taken up again has had several, and the newest is its own.
Result<std::string> Rollouts::holder_of(std::string application, std::int64_t fence) const {
  std::string holder;
  tx_.run(
      "SELECT t.detail FROM rollouts r JOIN rollout_trail t ON t.rollout = r.id "
      "WHERE r.application = ?1 AND r.fence >= ?2 AND t.fence = ?2 AND t.what = 'leased'",
      {application, fence}, [&](const Row& row) { row.into(holder); });
  return holder;
}

Result<Rollout> Rollouts::last_on(std::string application, std::string host) const {
  return one(tx_,
             kSelectRollouts +
                 "WHERE id = (SELECT max(r.id) FROM rollouts r JOIN rollout_hosts h ON h.rollout = r.id "
                 "WHERE r.application = ?1 AND h.host = ?2 AND r.ended = 1 AND (h.batch <> 0 OR r.state = 'succeeded') "
                 "AND (r.state = 'succeeded' OR r.kind NOT IN ('heal', 'catch_up')))",
             {application, host}, rollout_of, "rollout of " + application + " on host " + host);
}

Result<std::vector<HostLeftBehind>> Rollouts::left_behind(std::string application) const {
  std::vector<Value> values;
  if (!application.empty()) values.emplace_back(application);
  const std::string whose = application.empty() ? "" : "AND r.application = ?1 ";
  return rows(tx_,
              "SELECT newest.application, newest.host FROM "
              "(SELECT r.application AS application, h.host AS host, max(h.rollout) AS rollout FROM rollout_hosts h "
              "JOIN rollouts r ON r.id = h.rollout "
              "WHERE (h.batch <> 0 OR h.state NOT IN ('pending', 'pulled') OR r.kind = 'catch_up') " +
                  whose +
                  "GROUP BY r.application, h.host) newest "
                  "JOIN rollout_hosts h ON h.rollout = newest.rollout AND h.host = newest.host "
                  "JOIN rollouts r ON r.id = newest.rollout "
                  "WHERE h.state IN ('unknown', 'stays') OR (r.kind = 'catch_up' AND r.state IN ('rolled_back', "
                  "'rollback_failed')) "
                  "ORDER BY newest.application, newest.host",
              Transaction::Values(values), [](const Row& row) {
                HostLeftBehind one;
                row.into(one.application, one.host);
                return one;
              });
}

Result<std::int64_t> Rollouts::generation_on(std::string application, std::string host) const {
  return number(tx_,
                "SELECT CASE h.new_containers WHEN '[]' THEN 0 ELSE r.generation END FROM rollouts r "
                "JOIN rollout_hosts h ON h.rollout = r.id WHERE r.application = ?1 AND h.host = ?2 AND "
                "r.state = 'succeeded' AND h.state IN ('committed', 'old_stopped', 'attached') "
                "ORDER BY r.id DESC LIMIT 1",
                {application, host})
      .value_or(0);
}

Result<std::vector<Rollout>> Rollouts::list(std::string application, std::size_t limit) const {
  Query query(kSelectRollouts);
  if (!application.empty()) query.where("application = ?", application);
  return page(tx_, std::move(query), " ORDER BY id DESC", std::min(limit, kMostRollouts), rollout_of,
              [](const Rollout& r) { return r.id.value; })
      .items;
}

Result<std::vector<Rollout>> Rollouts::asked_for(std::string application, std::size_t limit) const {
  return rows(tx_, kSelectRollouts + kAskedFor + "ORDER BY id DESC LIMIT ?2",
              {application, std::min(limit, kMostRollouts)}, rollout_of);
}

Result<std::vector<Rollout>> Rollouts::standing(std::string application, std::size_t limit) const {
  return rows(tx_, kSelectRollouts + kAskedFor + "AND state = 'succeeded' ORDER BY id DESC LIMIT ?2",
              {application, std::min(limit, kMostRollouts)}, rollout_of);
}

Result<std::vector<Rollout>> Rollouts::open(std::string application) const {
  return rows(tx_, kSelectRollouts + "WHERE ended = 0 AND (?1 = '' OR application = ?1) ORDER BY id", {application},
              rollout_of);
}

}  // namespace slipway::store
