#include "orchestrator/store/migrations.hpp"

#include "base/log.hpp"
#include "orchestrator/store/schema.hpp"
#include "orchestrator/store/sqlite_connection.hpp"

namespace slipway::store {

namespace {

void apply(SqliteConnection& connection, const Migration& migration) {
  connection.execute("BEGIN IMMEDIATE");
  try {
    connection.execute(migration.script);
    connection.execute("PRAGMA user_version=" + std::to_string(migration.to) + "; COMMIT");
  } catch (const StatementFailed&) {
    if (connection.in_transaction()) connection.execute("ROLLBACK");
    throw;
  }
}

/// So that one can go back to the version before.
void keep_copy(SqliteConnection& connection, const std::filesystem::path& file, int version) {
  const std::string copy = file.string() + ".v" + std::to_string(version);
  std::error_code ignored;
  std::filesystem::remove(copy, ignored);  // of an upgrade that was broken off
  connection.run("VACUUM INTO ?1", {copy});
}

}  // namespace

std::span<const Migration> migrations() {
  static const std::array all{Migration{1, kSchemaV1},  Migration{2, kSchemaV2}, Migration{3, kSchemaV3},
                              Migration{4, kSchemaV4},  Migration{5, kSchemaV5}, Migration{6, kSchemaV6},
                              Migration{7, kSchemaV7},  Migration{8, kSchemaV8}, Migration{9, kSchemaV9},
                              Migration{10, kSchemaV10}};
  return all;
}

int schema_version(SqliteConnection& connection) {
  int version = 0;
  connection.run("PRAGMA user_version", {}, [&](const Row& row) { row.into(version); });
  return version;
}

Result<void> migrate(SqliteConnection& connection, const std::filesystem::path& file, std::span<const Migration> all) {
  const int found = schema_version(connection);
  const int newest = all.back().to;
  if (found > newest) {
    return fail(Error::Kind::invalid,
                "the data folder was written by a newer slipwayd (schema " + std::to_string(found) +
                    ", this one knows up to " + std::to_string(newest) + ")",
                "start the newer slipwayd, or go back, which loses what happened since the upgrade: slipwayd restore " +
                    file.string() + ".v" + std::to_string(newest) + " --force");
  }
  if (found > 0 && found < newest) keep_copy(connection, file, found);
  for (const Migration& migration : all) {
    if (migration.to <= found) continue;
    apply(connection, migration);
    if (found > 0) log::info("store upgraded", {{"schema", migration.to}});
  }
  return {};
}

}  // namespace slipway::store
