#include "orchestrator/store/audit.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kMostEntries = 200;

AuditEntry entry_of(const Row& row) {
  AuditEntry e;
  row.into(e.id, e.at, e.who, e.what, e.data, e.rollout);
  return e;
}

}  // namespace

Result<void> Audit::add(AuditEntry entry) {
  tx_.run("INSERT INTO audit (at, who, what, data, rollout) VALUES (?1, ?2, ?3, ?4, ?5)",
          {entry.at, clipped(entry.who), entry.what, entry.data, entry.rollout});
  return {};
}

Result<std::vector<AuditEntry>> Audit::of_rollout(RolloutId rollout) const {
  return rows(tx_, "SELECT id, at, who, what, data, rollout FROM audit WHERE rollout = ?1 ORDER BY id LIMIT 1000",
              {rollout}, entry_of);
}

Result<Page<AuditEntry>> Audit::list(std::int64_t before, std::size_t limit) const {
  Query query("SELECT id, at, who, what, data, rollout FROM audit");
  if (before > 0) query.where("id < ?", before);
  return page(tx_, std::move(query), " ORDER BY id DESC", std::min(limit, kMostEntries), entry_of,
              [](const AuditEntry& e) { return e.id; });
}

}  // namespace slipway::store
