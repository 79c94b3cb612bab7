#include "orchestrator/store/trail.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

TrailEntry trail_entry_of(const Row& row) {
  TrailEntry e;
  row.into(e.rollout, e.at, e.fence, e.host, e.what, e.detail);
  return e;
}

}  // namespace

Result<void> Trail::add(TrailEntry entry) {
  tx_.run("INSERT INTO rollout_trail (rollout, at, fence, host, what, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
          {entry.rollout, entry.at, entry.fence, entry.host, entry.what, clipped(entry.detail)});
  return {};
}

Result<std::vector<TrailEntry>> Trail::list(RolloutId rollout) const {
  return rows(tx_,
              "SELECT rollout, at, fence, host, what, detail FROM rollout_trail WHERE rollout = ?1 ORDER BY id "
              "LIMIT 5000",
              {rollout}, trail_entry_of);
}

}  // namespace slipway::store
