#include "orchestrator/store/snapshot.hpp"

#include "orchestrator/store/migrations.hpp"
#include "orchestrator/store/sqlite_connection.hpp"

namespace slipway::store {

namespace fs = std::filesystem;

namespace {

Error broken(std::string what) {
  return {Error::Kind::invalid, "the database in the backup is damaged: " + std::move(what), "use another backup"};
}

SnapshotFacts facts_of(SqliteConnection& connection) {
  SnapshotFacts facts;
  facts.schema = schema_version(connection);
  connection.run("SELECT value FROM meta WHERE name = 'instance'", {},
                 [&](const Row& row) { row.into(facts.instance); });
  return facts;
}

}  // namespace

fs::path database_in(const fs::path& folder) {
  return folder / "slipway.db";
}

Result<void> write_snapshot(const fs::path& folder, const fs::path& to) {
  try {
    // A connection of its own: it reads what was committed before it began, beside those that work.
    SqliteConnection connection(database_in(folder), SqliteConnection::Access::write);
    connection.run("VACUUM INTO ?1", {to.string()});
  } catch (const StatementFailed& failure) {
    std::error_code ignored;
    fs::remove(to, ignored);
    return fail(failure.error().in("copy the database"));
  }
  return {};
}

Result<SnapshotFacts> check_snapshot(const fs::path& file) {
  try {
    SqliteConnection connection(file, SqliteConnection::Access::write);
    std::string found;
    connection.run("PRAGMA integrity_check(1)", {}, [&](const Row& row) { row.into(found); });
    if (found != "ok") return fail(broken(found));
    SnapshotFacts facts = facts_of(connection);
    const int newest = migrations().back().to;
    if (facts.schema >= 1 && facts.schema <= newest && !facts.instance.empty()) return facts;
    return fail(Error::Kind::invalid,
                "the backup has schema " + std::to_string(facts.schema) + ", this slipwayd knows 1 to " +
                    std::to_string(newest),
                "restore it with the slipwayd that made it, or a newer one");
  } catch (const StatementFailed& failure) {
    return fail(broken(failure.error().message));
  }
}

Result<void> skip_numbers(const fs::path& file) {
  try {
    SqliteConnection connection(file, SqliteConnection::Access::write);
    connection.execute(
        "BEGIN IMMEDIATE;"
        "UPDATE sqlite_sequence SET seq = seq + 100000;"
        "UPDATE applications SET last_generation = last_generation + 100000, fence = fence + 100000;"
        "COMMIT;"
        "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE;");
  } catch (const StatementFailed& failure) {
    return fail(failure.error());
  }
  return {};
}

}  // namespace slipway::store
