#include "orchestrator/logs/segment.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/files.hpp"

namespace slipway::logs {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kFrame = 1 << 20;
constexpr int kLevel = 3;

class File {
 public:
  File(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::uint64_t size() const {
    struct stat status{};
    return ::fstat(fd_, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

 private:
  int fd_;
};

Error broken(const fs::path& path, std::string_view what) {
  return {Error::Kind::internal, path.string() + ": " + std::string(what)};
}

Result<std::string> read_at(const File& file, const fs::path& path, std::uint64_t offset, std::size_t count) {
  Result<std::string> bytes = slipway::read_at(file.fd(), offset, count);
  if (!bytes) return fail(broken(path, bytes.error().message));
  return bytes;
}

/// Walks the zstd frames of a file: where each is, and how much it holds.
class Frames {
 public:
  explicit Frames(const fs::path& path) : path_(path), file_(path, O_RDONLY) {}

  struct Frame {
    std::string packed;
    std::uint64_t size = 0;
  };
  /// The next frame; nothing at the end.
  Result<std::optional<Frame>> next() {
    Result<std::string> packed = read_at(file_, path_, at_, ZSTD_compressBound(kFrame));
    if (!packed) return fail(packed.error());
    if (packed->empty()) return std::optional<Frame>();
    const std::size_t length = ZSTD_findFrameCompressedSize(packed->data(), packed->size());
    const unsigned long long size = ZSTD_getFrameContentSize(packed->data(), packed->size());
    if (ZSTD_isError(length) || size > kFrame) return fail(broken(path_, "damaged zstd frame"));
    at_ += length;
    packed->resize(length);
    return std::optional<Frame>(Frame{std::move(*packed), size});
  }
  Result<std::string> unpack(const Frame& frame) const {
    std::string bytes(frame.size, '\0');
    const std::size_t got = ZSTD_decompress(bytes.data(), bytes.size(), frame.packed.data(), frame.packed.size());
    if (ZSTD_isError(got) || got != frame.size) return fail(broken(path_, "damaged zstd frame"));
    return bytes;
  }
  [[nodiscard]] bool ok() const { return file_.ok(); }

 private:
  fs::path path_;
  File file_;
  std::uint64_t at_ = 0;
};

Result<Piece> read_compressed(Frames& frames, std::uint64_t offset, std::size_t limit) {
  Piece piece;
  std::uint64_t start = 0;
  for (;;) {
    Result<std::optional<Frames::Frame>> frame = frames.next();
    if (!frame) return fail(frame.error());
    if (!*frame) {
      piece.complete = true;
      return piece;
    }
    const std::uint64_t end = start + (*frame)->size;
    if (end > offset) {
      if (piece.bytes.size() == limit) return piece;
      const Result<std::string> bytes = frames.unpack(**frame);
      if (!bytes) return fail(bytes.error());
      const std::size_t skip = offset > start ? offset - start : 0;
      const std::size_t take = std::min(limit - piece.bytes.size(), bytes->size() - skip);
      piece.bytes.append(*bytes, skip, take);
      if (skip + take < bytes->size()) return piece;
    }
    start = end;
  }
}

Result<void> write_all(const File& file, const fs::path& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file.fd(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(broken(path, std::strerror(errno)));
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> compress_file(const File& from, const fs::path& from_path, const fs::path& to_path) {
  const File to(to_path, O_WRONLY | O_CREAT | O_TRUNC);
  if (!to.ok()) return fail(broken(to_path, std::strerror(errno)));
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  std::string packed(ZSTD_compressBound(kFrame), '\0');
  for (std::uint64_t at = 0;;) {
    const Result<std::string> bytes = read_at(from, from_path, at, kFrame);
    if (!bytes) return fail(bytes.error());
    if (bytes->empty()) break;
    const std::size_t count =
        ZSTD_compressCCtx(context.get(), packed.data(), packed.size(), bytes->data(), bytes->size(), kLevel);
    if (ZSTD_isError(count)) return fail(broken(to_path, ZSTD_getErrorName(count)));
    Result<void> written = write_all(to, to_path, std::string_view(packed).substr(0, count));
    if (!written) return written;
    at += bytes->size();
  }
  if (::fsync(to.fd()) != 0) return fail(broken(to_path, std::strerror(errno)));
  return {};
}

}  // namespace

Result<Piece> read_segment(const fs::path& base, std::uint64_t offset, std::size_t limit) {
  // In this order, so that one that changes its form meanwhile is still found.
  for (const std::string_view suffix : {".log", ".end"}) {
    const File file(segment_file(base, suffix), O_RDONLY);
    if (!file.ok()) continue;
    Result<std::string> bytes = read_at(file, segment_file(base, suffix), offset, limit);
    if (!bytes) return fail(bytes.error());
    Piece piece;
    piece.complete = suffix == ".end" && offset + bytes->size() >= file.size();
    piece.bytes = std::move(*bytes);
    return piece;
  }
  Frames frames(segment_file(base, ".zst"));
  if (frames.ok()) return read_compressed(frames, offset, limit);
  return fail(Error::Kind::not_found, "no log " + base.filename().string());
}

Result<std::uint64_t> size_of_segment(const fs::path& base) {
  for (const std::string_view suffix : {".log", ".end"}) {
    const File file(segment_file(base, suffix), O_RDONLY);
    if (file.ok()) return file.size();
  }
  Frames frames(segment_file(base, ".zst"));
  if (!frames.ok()) return fail(Error::Kind::not_found, "no log " + base.filename().string());
  for (std::uint64_t size = 0;;) {
    const Result<std::optional<Frames::Frame>> frame = frames.next();
    if (!frame) return fail(frame.error());
    if (!*frame) return size;
    size += (*frame)->size;
  }
}

Result<void> compress_segment(const fs::path& base) {
  const File from(segment_file(base, ".end"), O_RDONLY);
  if (!from.ok()) return fail(Error::Kind::not_found, "no complete log " + base.filename().string());
  const fs::path beside = segment_file(base, ".zst.new");
  Result<void> done = compress_file(from, segment_file(base, ".end"), beside);
  if (!done) {
    ::unlink(beside.c_str());
    return done;
  }
  if (::rename(beside.c_str(), segment_file(base, ".zst").c_str()) != 0)
    return fail(broken(beside, std::strerror(errno)));
  ::unlink(segment_file(base, ".end").c_str());
  return {};
}

}  // namespace slipway::logs
