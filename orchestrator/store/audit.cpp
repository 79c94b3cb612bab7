#include "orchestrator/store/audit.hpp"

#include "orchestrator/store/query.hpp"

namespace slipway::store {

namespace {

constexpr std::size_t kPageLimit = 200;

AuditEntry entry_of(const Row& row) {
  AuditEntry e;
  row.into(e.id, e.at, e.who, e.what, e.data);
  return e;
}

}  // namespace

Result<void> Audit::add(AuditEntry entry) {
  tx_.run("INSERT INTO audit (at, who, what, data) VALUES (?1, ?2, ?3, ?4)",
          {entry.at, clipped(entry.who), entry.what, entry.data});
  return {};
}

Result<Page<AuditEntry>> Audit::list(std::int64_t before, std::size_t limit) const {
  Query query("SELECT id, at, who, what, data FROM audit");
  if (before > 0) query.where("id < ?", before);
  return page(tx_, std::move(query), " ORDER BY id DESC", std::min(limit, kPageLimit), entry_of,
              [](const AuditEntry& e) { return e.id; });
}

}  // namespace slipway::store
