#include "orchestrator/store/write_beside.hpp"

#include "orchestrator/store/committer.hpp"
#include "orchestrator/store/migrations.hpp"
#include "orchestrator/store/snapshot.hpp"

namespace slipway::store {

namespace {

Error damaged(const std::string& how) {
  return {Error::Kind::unavailable, "the database is damaged: " + how, "start slipwayd: it says how to mend it"};
}

Result<void> check_there(const std::filesystem::path& file) {
  std::error_code code;
  if (std::filesystem::exists(file, code)) return {};
  if (code) {
    return fail(Error::Kind::forbidden, file.string() + ": " + code.message(),
                "be the user that slipwayd runs as, or root");
  }
  return fail(Error::Kind::not_found, "there is no database " + file.string(),
              "name the data folder of a slipwayd that was started once: --data, or --config as slipwayd has it");
}

Result<void> check_fit(SqliteConnection& connection) {
  const int found = schema_version(connection);
  const int newest = migrations().back().to;
  if (found != newest) {
    return fail(Error::Kind::conflict,
                "the database has schema " + std::to_string(found) + ", this slipwayd knows " + std::to_string(newest),
                "do it with the slipwayd that runs on it, or start this one on it first");
  }
  const std::string damage = connection.damage();
  if (damage.empty()) return {};
  return fail(damaged(damage));
}

}  // namespace

Result<void> commit_beside(const std::filesystem::path& folder, const std::shared_ptr<Operation>& operation,
                           CommitProbe* probe) {
  const std::filesystem::path file = database_in(folder);
  if (auto there = check_there(file); !there) return there;
  try {
    SqliteConnection connection(file, SqliteConnection::Access::write);
    if (auto fits = check_fit(connection); !fits) return fits;
    Status status;
    Committer(connection, status, probe).commit({operation});
  } catch (const StatementFailed& failure) {
    if (failure.damaged()) return fail(damaged(failure.error().message));
    return fail(failure.error().in("open " + file.string()));
  }
  return {};
}

}  // namespace slipway::store
