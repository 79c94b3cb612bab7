#include "orchestrator/daemon/admin_token.hpp"

#include "orchestrator/daemon/commit_points.hpp"
#include "orchestrator/daemon/restore.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/write_beside.hpp"

namespace slipway::daemon {

Result<auth::NewToken> make_admin_token(const std::filesystem::path& folder, std::string name, const Clock& clock) {
  if (Result<void> whole = check_no_restore_under_way(folder); !whole) return fail(whole.error());
  const Time now = clock.now();
  if (name.empty()) name = "admin-" + format_time(now);
  auto work = [&name, now](store::Transaction& tx) -> Result<auth::NewToken> {
    Result<auth::NewToken> made = auth::add_admin(tx, name, now);
    if (!made) return made;
    store::AuditEntry entry(now, "slipwayd token", "token.create");
    entry.data = "{\"id\":" + to_string(made->id) + "}";
    if (Result<void> noted = store::Audit(tx).add(std::move(entry)); !noted) return fail(noted.error());
    return made;
  };
  CommitPoints points;
  return store::write_beside(folder, std::move(work), &points);
}

}  // namespace slipway::daemon
