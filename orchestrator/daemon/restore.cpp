#include "orchestrator/daemon/restore.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "orchestrator/daemon/backup_unpacker.hpp"
#include "orchestrator/store/folder_lock.hpp"
#include "orchestrator/store/snapshot.hpp"

namespace slipway::daemon {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kReadPiece = 256 << 10;

/// Holds what a restore has unpacked. It gets its name only when all of it is good: from then on the old database may
/// be gone.
fs::path unpacked_in(const fs::path& folder) {
  return folder / "restore-unpacked";
}
fs::path ready_in(const fs::path& folder) {
  return folder / "restore-under-way";
}

Result<void> sync_folder(const fs::path& folder) {
  const images::FileDescriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened && ::fsync(opened.get()) == 0) return {};
  return fail(Error::Kind::unavailable, folder.string() + ": " + std::strerror(errno));
}

Result<void> move(const fs::path& from, const fs::path& to) {
  std::error_code code;
  if (!fs::exists(from)) return {};
  fs::rename(from, to, code);
  if (code) return fail(Error::Kind::unavailable, "move " + from.string() + ": " + code.message());
  return {};
}

/// What an upgrade kept, `slipway.db.vN`, against the tar that a backup is.
bool is_bare_database(const fs::path& file) {
  constexpr std::string_view kMagic("SQLite format 3\0", 16);
  std::string begin(kMagic.size(), '\0');
  std::ifstream stream(file, std::ios::binary);
  stream.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return stream && begin == kMagic;
}

/// Answers when the copy was made.
Result<std::string> copy_bare(const fs::path& file, const fs::path& into) {
  if (fs::exists(file.string() + "-wal")) {
    return fail(Error::Kind::invalid, file.string() + " is a database in use, not a copy of one: it has a -wal beside",
                "slipway admin backup copies the database of a slipwayd that runs");
  }
  struct stat status{};
  const fs::path copy = store::database_in(into);
  std::error_code code;
  if (::stat(file.c_str(), &status) != 0) code.assign(errno, std::generic_category());
  if (!code) fs::copy_file(file, copy, code);
  if (!code) fs::permissions(copy, fs::perms::owner_read | fs::perms::owner_write, code);
  if (code) return fail(Error::Kind::unavailable, "copy " + file.string() + ": " + code.message());
  const images::FileDescriptor written(::open(copy.c_str(), O_RDONLY | O_CLOEXEC));
  if (!written || ::fsync(written.get()) != 0) {
    return fail(Error::Kind::unavailable, copy.string() + ": " + std::strerror(errno));
  }
  return format_time(Time(std::chrono::seconds(status.st_mtime)));
}

/// Answers when the backup was made.
Result<std::string> unpack(const fs::path& file, const fs::path& into) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return fail(Error::Kind::not_found, file.string() + ": " + std::strerror(errno));
  BackupUnpacker unpacker(into);
  std::string piece(kReadPiece, '\0');
  while (stream.read(piece.data(), static_cast<std::streamsize>(piece.size())), stream.gcount() > 0) {
    const auto count = static_cast<std::size_t>(stream.gcount());
    if (Result<void> fed = unpacker.feed(std::string_view(piece).substr(0, count)); !fed) return fail(fed.error());
  }
  if (stream.bad()) return fail(Error::Kind::unavailable, file.string() + " can't be read");
  const Result<BackupManifest> manifest = unpacker.finish();
  if (!manifest) return fail(manifest.error());
  return manifest->made_at;
}

/// What was there before, into a folder of its own, but for the logs if they `stay`.
Result<fs::path> put_aside(const fs::path& folder, bool logs_stay) {
  fs::path before = folder / ("before-restore-" + format_time(SystemClock().now()));
  std::error_code code;
  fs::create_directory(before, code);
  if (code) return fail(Error::Kind::unavailable, before.string() + ": " + code.message());
  // The database goes last: as long as it is there, the folder is what it was.
  for (const char* name : {"logs", "work", "slipway.db-shm", "slipway.db-wal", "slipway.db"}) {
    if (logs_stay && std::string_view(name) == "logs") continue;
    if (Result<void> moved = move(folder / name, before / name); !moved) return fail(moved.error());
  }
  return before;
}

Result<void> put_in_place(const fs::path& folder) {
  const fs::path ready = ready_in(folder);
  for (const char* name : {"logs", "slipway.db"}) {
    if (Result<void> moved = move(ready / name, folder / name); !moved) return moved;
  }
  if (Result<void> synced = sync_folder(folder); !synced) return synced;
  std::error_code ignored;
  fs::remove_all(ready, ignored);
  return sync_folder(folder);
}

}  // namespace

Result<void> check_no_restore_under_way(const fs::path& folder) {
  std::error_code unseen;  // who opens the folder next says why it can't be looked into
  if (!fs::exists(ready_in(folder), unseen)) return {};
  return fail(Error::Kind::conflict, "a restore into " + folder.string() + " was cut off",
              "run it again: slipwayd restore FILE --force");
}

Result<Restored> restore_backup(const fs::path& file, const fs::path& folder, bool force) {
  const auto lock = store::FolderLock::take(folder);
  if (!lock) return fail(lock.error());
  if (fs::exists(store::database_in(folder)) && !force) {
    return fail(Error::Kind::conflict, folder.string() + " has a database already",
                "give another data folder, or --force, which keeps the old one in a folder beside");
  }
  const fs::path unpacked = unpacked_in(folder);
  std::error_code code;
  fs::remove_all(unpacked, code);
  fs::create_directory(unpacked, code);
  if (code) return fail(Error::Kind::unavailable, unpacked.string() + ": " + code.message());
  // It is the folder's own, and so are the logs.
  const bool bare = is_bare_database(file);
  const Result<std::string> made_at = bare ? copy_bare(file, unpacked) : unpack(file, unpacked);
  if (!made_at) return fail(made_at.error());
  const fs::path database = store::database_in(unpacked);
  const Result<store::SnapshotFacts> facts = store::check_snapshot(database);
  if (!facts) return fail(facts.error());
  if (Result<void> skipped = store::skip_numbers(database); !skipped) return fail(skipped.error());

  fs::remove_all(ready_in(folder), code);
  if (Result<void> moved = move(unpacked, ready_in(folder)); !moved) return fail(moved.error());
  if (Result<void> synced = sync_folder(folder); !synced) return fail(synced.error());
  Restored restored{facts->instance, *made_at, {}, fs::exists(folder / "key")};
  if (fs::exists(store::database_in(folder)) || (!bare && fs::exists(folder / "logs"))) {
    const Result<fs::path> before = put_aside(folder, bare);
    if (!before) return fail(before.error());
    restored.before = *before;
  }
  if (Result<void> placed = put_in_place(folder); !placed) return fail(placed.error());
  return restored;
}

}  // namespace slipway::daemon
