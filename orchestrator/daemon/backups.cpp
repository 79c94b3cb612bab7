#include "orchestrator/daemon/backups.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "orchestrator/daemon/backup_stream.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/snapshot.hpp"

namespace slipway::daemon {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kCopyPrefix = "backup-copy-";
constexpr std::size_t kCopyPiece = 1 << 20;

struct Copy {
  images::FileDescriptor file;
  std::string sha256;
};

Error file_error(std::string_view what) {
  return {Error::Kind::unavailable, std::string(what) + ": " + std::strerror(errno)};
}

Result<std::string> hash_of(int file) {
  Sha256 hash;
  std::string piece(kCopyPiece, '\0');
  for (off_t at = 0;;) {
    const ssize_t got = ::pread(file, piece.data(), piece.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(file_error("read the copy of the database"));
    if (got == 0) return hash.finish();
    hash.update(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
    at += got;
  }
}

void remove_old_copies(const fs::path& folder) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().filename().string().starts_with(kCopyPrefix)) fs::remove(entry.path(), ignored);
  }
}

/// A copy of the database that has no name any more: whatever happens, it is gone when it is closed.
Result<Copy> copy_database(const fs::path& folder) {
  remove_old_copies(folder);  // of a daemon that was killed in between
  const fs::path path = folder / (std::string(kCopyPrefix) + random_hex(4));
  if (Result<void> made = store::write_snapshot(folder, path); !made) return fail(made.error());
  images::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int code = errno;
  ::unlink(path.c_str());
  errno = code;
  if (!file) return fail(file_error("open the copy of the database"));
  Result<std::string> hash = hash_of(file.get());
  if (!hash) return fail(hash.error());
  return Copy{std::move(file), std::move(*hash)};
}

std::vector<fs::path> logs_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code ignored;
  for (const auto& run : fs::directory_iterator(folder, ignored)) {
    for (const auto& log : fs::directory_iterator(run.path(), ignored)) {
      const std::string form = log.path().extension();
      if (form == ".log" || form == ".end" || form == ".zst") found.push_back(log.path());
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

awaitable<Result<std::unique_ptr<http::Stream>>> Backups::make(bool with_logs, http::Actor actor) {
  if (*busy_) co_return fail(Error::Kind::conflict, "a backup is being made already", "wait for it to end");
  *busy_ = true;
  const std::shared_ptr<void> release(nullptr, [busy = busy_](void*) { *busy = false; });
  auto copying = [folder = folder_] { return copy_database(folder); };
  Result<Copy> copy = co_await pool_.run(std::move(copying));
  if (!copy) co_return fail(std::move(copy.error()).in("backup"));
  const Json manifest = {{"format", 1},
                         {"version", SLIPWAY_VERSION},
                         {"instance", store_.instance()},
                         {"made_at", format_time(clock_.now())},
                         {"logs", with_logs},
                         {"database_sha256", copy->sha256}};
  auto stream = std::make_unique<BackupStream>(pool_, dump_json(manifest));
  stream->add("slipway.db", std::move(copy->file));
  if (with_logs) {
    auto listing = [folder = folder_ / "logs"] { return logs_in(folder); };
    for (fs::path& log : co_await pool_.run(std::move(listing))) stream->add_log(std::move(log));
  }
  stream->on_end([release] {});
  store::AuditEntry entry(clock_.now(), actor, "backup");
  entry.data = with_logs ? "{\"logs\":true}" : "{\"logs\":false}";
  auto noting = store_.write(&store::Audit::add, std::move(entry));
  // A store that can't write is one more reason for a backup.
  const Result<void> noted = co_await std::move(noting);
  if (!noted) log::warn("backup not in the audit trail", {{"by", actor}, {"error", noted.error()}});
  log::info("backup", {{"by", actor}, {"logs", with_logs}});
  co_return stream;
}

}  // namespace slipway::daemon
