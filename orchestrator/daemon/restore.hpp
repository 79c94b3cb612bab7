#pragma once
#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace slipway::daemon {

struct Restored {
  std::string instance;
  std::string made_at;           ///< when the backup was made
  std::filesystem::path before;  ///< where what was there before is now; empty: nothing was
  bool has_key = false;          ///< the data folder has a key file
};

/// Puts a backup that `GET /api/v1/backup` made into the data folder, or the copy of a database that an upgrade kept
/// there (`slipway.db.vN`): with that the folder's logs stay. Blocks. Nothing is touched before the whole
/// backup has been read and found good. A folder in use, or that has a database (unless `force`, which moves the old
/// one with its logs into a folder beside), is Kind::conflict; what is neither, is damaged or in use, Kind::invalid.
/// Cut off at any moment it leaves the old database, or a folder that slipwayd refuses to start on until it is run
/// again.
Result<Restored> restore_backup(const std::filesystem::path& file, const std::filesystem::path& folder, bool force);

/// Kind::conflict if a restore into the folder was cut off.
Result<void> check_no_restore_under_way(const std::filesystem::path& folder);

}  // namespace slipway::daemon
