#pragma once
#include <filesystem>
#include <span>

#include "base/result.hpp"

namespace slipway::store {

class SqliteConnection;

/// Takes the schema from one version to the next; version 1 is made from nothing. A released script is never changed.
struct Migration {
  int to = 0;
  const char* script = nullptr;
};

/// All of them, in order. The last one's `to` is the version this program writes.
std::span<const Migration> migrations();

/// The file's version; 0: empty.
int schema_version(SqliteConnection& connection);

/// Brings the file to the newest version of `all`, each step in a transaction of its own. Before the first step away
/// from an older version the file is copied to `<file>.v<version>`. A version that is not known is Kind::invalid, and
/// the file is left as it is.
Result<void> migrate(SqliteConnection& connection, const std::filesystem::path& file, std::span<const Migration> all);

}  // namespace slipway::store
