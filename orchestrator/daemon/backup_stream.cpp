#include "orchestrator/daemon/backup_stream.hpp"

#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>

#include "images/tar_header.hpp"

namespace slipway::daemon {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPiece = 256 << 10;

std::string header_of(const std::string& name, std::uint64_t size) {
  images::TarEntry entry;
  entry.path = name;
  entry.mode = 0600;
  entry.size = size;
  return images::tar_header(entry);
}

/// A log changes its form when it ends, and again when it is compressed: `path` becomes the one that is there.
images::FileDescriptor open_log(fs::path& path) {
  for (const char* form : {".log", ".end", ".zst"}) {
    path.replace_extension(form);
    images::FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file) return file;
  }
  return {};
}

}  // namespace

BackupStream::BackupStream(Pool& pool, std::string_view manifest) : pool_(pool) {
  start_ = header_of("backup.json", manifest.size());
  const std::size_t padding = images::tar_padding(manifest.size());
  start_ += manifest;
  start_.append(padding, '\0');
}

BackupStream::~BackupStream() {
  if (told_) told_();
}

void BackupStream::add(std::string name, images::FileDescriptor file) {
  parts_.push_back({std::move(name), std::move(file), {}});
}

void BackupStream::add_log(fs::path path) {
  parts_.push_back({"", {}, std::move(path)});
}

awaitable<Result<std::string>> BackupStream::next() {
  auto work = [this] { return read_piece(); };
  co_return co_await pool_.run(std::move(work));
}

Result<std::string> BackupStream::read_piece() {
  std::string piece = std::exchange(start_, {});
  while (piece.size() < kPiece && !finished_) {
    if (in_part_) {
      if (const Result<void> read = read_part(piece); !read) return fail(read.error());
    } else if (parts_.empty()) {
      piece += images::tar_end();
      finished_ = true;
    } else if (!begin_part(piece)) {
      parts_.pop_front();
    }
  }
  return piece;
}

/// False if there is no such file any more.
bool BackupStream::begin_part(std::string& piece) {
  Part& part = parts_.front();
  if (!part.file) {
    part.file = open_log(part.path);
    part.name = "logs/" + part.path.parent_path().filename().string() + "/" + part.path.filename().string();
  }
  struct stat status{};
  if (!part.file || ::fstat(part.file.get(), &status) != 0) return false;
  remaining_ = static_cast<std::uint64_t>(status.st_size);
  padding_ = images::tar_padding(remaining_);
  piece += header_of(part.name, remaining_);
  in_part_ = true;
  return true;
}

Result<void> BackupStream::read_part(std::string& piece) {
  const std::size_t before = piece.size();
  const std::size_t wanted = std::min<std::uint64_t>(remaining_, kPiece);
  piece.resize(before + wanted);
  ssize_t got = 0;
  do {
    got = wanted == 0 ? 0 : ::read(parts_.front().file.get(), piece.data() + before, wanted);
  } while (got < 0 && errno == EINTR);
  if (got < 0 || (got == 0 && wanted > 0)) {
    const std::string why = got < 0 ? std::strerror(errno) : "it has become shorter";
    return fail(Error::Kind::internal, "backup: " + parts_.front().name + ": " + why);
  }
  piece.resize(before + static_cast<std::size_t>(got));
  remaining_ -= static_cast<std::uint64_t>(got);
  if (remaining_ > 0) return {};
  piece.append(padding_, '\0');
  parts_.pop_front();
  in_part_ = false;
  return {};
}

}  // namespace slipway::daemon
