#pragma once
#include <filesystem>
#include <string>

#include "base/result.hpp"

/// Copies of a store's database, for backups. All of it blocks.
namespace slipway::store {

/// Where the database is in a data folder.
std::filesystem::path database_in(const std::filesystem::path& folder);

/// The database of `folder` as of one moment, into the new file `to`. Nobody has to stop writing meanwhile. A damaged
/// database can't be copied.
Result<void> write_snapshot(const std::filesystem::path& folder, const std::filesystem::path& to);

struct SnapshotFacts {
  std::string instance;
  int schema = 0;
};

/// Whether the file is a whole database that this program can open; otherwise Kind::invalid says what is wrong.
Result<SnapshotFacts> check_snapshot(const std::filesystem::path& file);

/// Sets what is numbered (runs, rollouts, generations, leases, events, …) ahead by 100 000: what was made after the
/// snapshot is gone from the journal, but containers, generations on hosts and clients' places in event streams that
/// were named by its numbers may be left, and must not be taken for what gets the same numbers now.
Result<void> skip_numbers(const std::filesystem::path& file);

}  // namespace slipway::store
