#include "orchestrator/store/old_runs.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {
namespace {

constexpr std::int64_t kStep = 20;  // each has up to some thousand rows, and other writers wait meanwhile

RunId id_of(const Row& row) {
  RunId id;
  row.into(id);
  return id;
}

// ?1 project, ?2 how many stay, ?3 how many stay whatever their age, ?4 finished before this is too old, ?5 limit.
constexpr std::string_view kTooMany =
    "SELECT id FROM runs r WHERE project = ?1 AND state = 'finished' AND ("
    "id <= (SELECT id FROM runs WHERE project = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2) OR "
    "(finished < ?4 AND id <= (SELECT id FROM runs WHERE project = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?3))) "
    "AND NOT EXISTS (SELECT 1 FROM attempts WHERE run = r.id AND state <> 'removed') "
    "AND NOT EXISTS (SELECT 1 FROM runs again WHERE again.rerun_of = r.id AND again.state <> 'finished') "
    "AND NOT EXISTS (SELECT 1 FROM rollouts WHERE run = r.id AND ended = 0) "
    "AND NOT EXISTS (SELECT 1 FROM generations g JOIN applications a ON a.name = g.application "
    "AND a.promoted = g.number WHERE g.run = r.id) ORDER BY id LIMIT ?5";

}  // namespace

Result<std::vector<RunId>> OldRuns::prune(RunRetention keep, Time now) {
  const auto projects = rows(tx_, "SELECT id FROM projects ORDER BY id", {}, [](const Row& row) {
    ProjectId id;
    row.into(id);
    return id;
  });
  std::vector<RunId> gone;
  for (const ProjectId project : projects) {
    const auto room = kStep - static_cast<std::int64_t>(gone.size());
    if (room == 0) break;
    const auto old =
        rows(tx_, kTooMany, {project, keep.runs, std::min(keep.runs, RunRetention::kWhateverAge), now - keep.age, room},
             id_of);
    gone.insert(gone.end(), old.begin(), old.end());
  }
  for (const RunId run : gone) forget(run);
  if (!gone.empty()) tx_.mark("runs.forgotten");
  return gone;
}

void OldRuns::forget(RunId run) {
  for (const char* table : {"jobs", "attempts", "built_images", "pushed_images"}) {
    tx_.run(std::string("DELETE FROM ") + table + " WHERE run = ?1", {run});
  }
  tx_.run("DELETE FROM events WHERE run = ?1 AND rollout IS NULL", {run});
  for (const char* table : {"deliveries", "generations", "rollouts"}) {
    tx_.run(std::string("UPDATE ") + table + " SET run = NULL WHERE run = ?1", {run});
  }
  tx_.run("UPDATE runs SET rerun_of = NULL WHERE rerun_of = ?1", {run});
  tx_.run("UPDATE runs SET superseded_by = NULL WHERE superseded_by = ?1", {run});
  tx_.run("DELETE FROM runs WHERE id = ?1", {run});
}

Result<std::vector<RunId>> OldRuns::unknown(std::vector<RunId> ids) const {
  std::erase_if(ids, [this](RunId id) { return number(tx_, "SELECT 1 FROM runs WHERE id = ?1", {id}).has_value(); });
  return ids;
}

}  // namespace slipway::store
