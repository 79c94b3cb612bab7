#include "orchestrator/daemon/backup_unpacker.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "base/json.hpp"

namespace slipway::daemon {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kManifest = "backup.json", kDatabase = "slipway.db";
constexpr std::uint64_t kManifestLimit = 64 << 10;

Error no_backup(const std::string& why) {
  return {Error::Kind::invalid, "not a backup of slipway, or damaged: " + why};
}

Error unpack_error(const fs::path& path) {
  return {Error::Kind::unavailable, path.string() + ": " + std::strerror(errno)};
}

/// logs/<digits>/<name>
bool is_log(std::string_view name) {
  constexpr std::string_view kName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  if (!name.starts_with("logs/")) return false;
  name.remove_prefix(5);
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || slash == 0) return false;
  const std::string_view run = name.substr(0, slash), file = name.substr(slash + 1);
  return run.find_first_not_of("0123456789") == std::string_view::npos && !file.empty() && file.front() != '.' &&
         file.find_first_not_of(kName) == std::string_view::npos;
}

}  // namespace

Result<void> BackupUnpacker::feed(std::string_view bytes) {
  for (;;) {
    // The content stands before what the reader skips of it.
    if (remaining_ > 0) {
      const std::string_view part = bytes.substr(0, std::min<std::uint64_t>(remaining_, bytes.size()));
      if (Result<void> taken = take(part); !taken) return taken;
    }
    const Result<std::optional<images::TarMember>> member = reader_.read(bytes);
    if (!member) return fail(no_backup(member.error().message));
    if (!*member) return {};
    if (Result<void> begun = begin(**member); !begun) return begun;
  }
}

Result<void> BackupUnpacker::begin(const images::TarMember& member) {
  const bool first = name_.empty();
  name_ = member.path;
  remaining_ = member.size;
  if (member.type != '0' || first != (name_ == kManifest)) return fail(no_backup("it has '" + name_ + "'"));
  if (first) return member.size <= kManifestLimit ? Result<void>() : fail(no_backup("its manifest is too large"));
  if (name_ != kDatabase && !is_log(name_)) return fail(no_backup("it has '" + name_ + "'"));
  const fs::path path = folder_ / name_;
  std::error_code ignored;
  fs::create_directories(path.parent_path(), ignored);
  file_ = images::FileDescriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file_) return fail(unpack_error(path));
  hash_ = Sha256();
  return remaining_ == 0 ? end_file() : Result<void>();
}

Result<void> BackupUnpacker::take(std::string_view bytes) {
  remaining_ -= bytes.size();
  if (name_ == kManifest) {
    manifest_ += bytes;
    return {};
  }
  hash_.update(bytes);
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_.get(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(unpack_error(folder_ / name_));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return remaining_ == 0 ? end_file() : Result<void>();
}

Result<void> BackupUnpacker::end_file() {
  if (::fsync(file_.get()) != 0) return fail(unpack_error(folder_ / name_));
  file_ = images::FileDescriptor();
  if (name_ == kDatabase) database_sha256_ = hash_.finish();
  return {};
}

Result<BackupManifest> BackupUnpacker::finish() {
  if (!reader_.complete() || remaining_ > 0) return fail(no_backup("its end is missing"));
  const Result<Json> manifest = parse_json(manifest_);
  if (!manifest || number_at(*manifest, "format") != 1) return fail(no_backup("its manifest is not one"));
  BackupManifest said;
  said.made_at = text_at(*manifest, "made_at");
  said.database_sha256 = text_at(*manifest, "database_sha256");
  if (database_sha256_.empty()) return fail(no_backup("it has no database"));
  if (database_sha256_ != said.database_sha256) return fail(no_backup("the database's checksum is another"));
  return said;
}

}  // namespace slipway::daemon
