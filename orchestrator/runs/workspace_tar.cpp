#include "orchestrator/runs/workspace_tar.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace slipway::runs {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPiece = 256 << 10;
constexpr std::size_t kDeepest = 128;

struct ArchiveCloser {
  void operator()(archive* a) const { archive_write_free(a); }
};
struct EntryFree {
  void operator()(archive_entry* e) const { archive_entry_free(e); }
};

/// Makes the tar piece by piece. Touched by one pool thread at a time.
class TarMaker {
 public:
  explicit TarMaker(fs::path root) : root_(std::move(root)), tar_(archive_write_new()) {
    archive_write_set_format_pax_restricted(tar_.get());
    archive_write_set_bytes_per_block(tar_.get(), 0);
    archive_write_open(tar_.get(), this, nullptr, &TarMaker::take, nullptr);
    waiting_.push_back(".");
  }
  ~TarMaker() {
    if (file_ >= 0) ::close(file_);
  }
  TarMaker(const TarMaker&) = delete;
  TarMaker& operator=(const TarMaker&) = delete;

  Result<std::string> next() {
    while (made_.size() < kPiece && !closed_) {
      Result<void> added = file_ >= 0 ? add_content() : add_entry();
      if (!added) return fail(added.error());
    }
    return std::exchange(made_, {});
  }

 private:
  static la_ssize_t take(archive*, void* self, const void* bytes, std::size_t count) {
    static_cast<TarMaker*>(self)->made_.append(static_cast<const char*>(bytes), count);
    return static_cast<la_ssize_t>(count);
  }

  Result<void> broken(const fs::path& path, std::string_view why) const {
    return fail(Error::Kind::internal, "workspace: " + path.string() + ": " + std::string(why));
  }

  Result<void> add_entry() {
    if (waiting_.empty()) {
      closed_ = true;
      if (archive_write_close(tar_.get()) != ARCHIVE_OK) return broken(root_, archive_error_string(tar_.get()));
      return {};
    }
    const std::string path = std::move(waiting_.back());
    waiting_.pop_back();
    const fs::path full = root_ / path;
    struct stat status{};
    if (::lstat(full.c_str(), &status) != 0) return broken(path, std::strerror(errno));
    const std::unique_ptr<archive_entry, EntryFree> entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), path.c_str());
    archive_entry_set_mtime(entry.get(), status.st_mtime, 0);
    archive_entry_set_uid(entry.get(), 0);
    archive_entry_set_gid(entry.get(), 0);
    if (S_ISDIR(status.st_mode)) return add_folder(entry.get(), path, full);
    if (S_ISLNK(status.st_mode)) return add_link(entry.get(), path, full);
    if (!S_ISREG(status.st_mode)) return {};  // git makes no others
    return add_file(entry.get(), path, full, status);
  }

  Result<void> write_header(archive_entry* entry, const std::string& path) {
    if (archive_write_header(tar_.get(), entry) >= ARCHIVE_WARN) return {};
    return broken(path, archive_error_string(tar_.get()));
  }

  Result<void> add_folder(archive_entry* entry, const std::string& path, const fs::path& full) {
    archive_entry_set_filetype(entry, AE_IFDIR);
    archive_entry_set_perm(entry, 0777);
    if (std::count(path.begin(), path.end(), '/') > static_cast<std::ptrdiff_t>(kDeepest)) {
      return fail(Error::Kind::too_large, "workspace: folders nest over 128 levels");
    }
    std::vector<std::string> names;
    std::error_code code;
    for (const auto& child : fs::directory_iterator(full, code))
      names.push_back(path + "/" + child.path().filename().string());
    if (code) return broken(path, code.message());
    std::sort(names.rbegin(), names.rend());
    waiting_.insert(waiting_.end(), names.begin(), names.end());
    return write_header(entry, path);
  }

  Result<void> add_link(archive_entry* entry, const std::string& path, const fs::path& full) {
    std::error_code code;
    const fs::path target = fs::read_symlink(full, code);
    if (code) return broken(path, code.message());
    archive_entry_set_filetype(entry, AE_IFLNK);
    archive_entry_set_perm(entry, 0777);
    archive_entry_set_symlink(entry, target.c_str());
    return write_header(entry, path);
  }

  Result<void> add_file(archive_entry* entry, const std::string& path, const fs::path& full,
                        const struct stat& status) {
    file_ = ::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file_ < 0) return broken(path, std::strerror(errno));
    left_ = static_cast<std::uint64_t>(status.st_size);
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, (status.st_mode & 0111) != 0 ? 0777 : 0666);
    archive_entry_set_size(entry, status.st_size);
    return write_header(entry, path);
  }

  Result<void> add_content() {
    char chunk[64 << 10];
    const ssize_t got = left_ == 0 ? 0 : ::read(file_, chunk, std::min<std::uint64_t>(left_, sizeof chunk));
    if (got < 0) return broken(root_, std::strerror(errno));
    if (got == 0) {
      ::close(std::exchange(file_, -1));
      if (left_ > 0) return broken(root_, "a file shrank while it was read");
      return {};
    }
    left_ -= static_cast<std::uint64_t>(got);
    if (archive_write_data(tar_.get(), chunk, static_cast<std::size_t>(got)) == got) return {};
    return broken(root_, archive_error_string(tar_.get()));
  }

  fs::path root_;
  std::string made_;
  std::unique_ptr<archive, ArchiveCloser> tar_;
  std::vector<std::string> waiting_;  // paths still to come, the next one last
  int file_ = -1;                     // the one that is being packed
  std::uint64_t left_ = 0;            // of it
  bool closed_ = false;
};

class WorkspaceTar final : public docker::ByteSource {
 public:
  WorkspaceTar(Pool& pool, fs::path folder) : pool_(pool), maker_(std::make_shared<TarMaker>(std::move(folder))) {}

  awaitable<Result<std::string>> next() override {
    // The maker is shared with the pool, which may still be at it when the reader has been cancelled.
    auto work = [maker = maker_] { return maker->next(); };
    co_return co_await pool_.run(std::move(work));
  }

 private:
  Pool& pool_;
  std::shared_ptr<TarMaker> maker_;
};

}  // namespace

std::unique_ptr<docker::ByteSource> workspace_tar(Pool& pool, fs::path folder) {
  return std::make_unique<WorkspaceTar>(pool, std::move(folder));
}

}  // namespace slipway::runs
