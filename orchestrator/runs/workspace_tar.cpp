#include "orchestrator/runs/workspace_tar.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/tar_header.hpp"

namespace slipway::runs {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kPiece = 256 << 10;
constexpr std::size_t kDeepest = 128;

/// Makes the tar piece by piece. Touched by one pool thread at a time.
class TarMaker {
 public:
  explicit TarMaker(fs::path root) : root_(std::move(root)) { waiting_.push_back("."); }
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
  Result<void> broken(const fs::path& path, std::string_view why) const {
    return fail(Error::Kind::internal, "workspace: " + path.string() + ": " + std::string(why));
  }

  Result<void> add_entry() {
    if (waiting_.empty()) {
      closed_ = true;
      made_ += images::tar_end();
      return {};
    }
    images::TarEntry entry;
    entry.path = std::move(waiting_.back());
    waiting_.pop_back();
    const fs::path full = root_ / entry.path;
    struct stat status{};
    if (::lstat(full.c_str(), &status) != 0) return broken(entry.path, std::strerror(errno));
    entry.time = static_cast<std::uint64_t>(std::max<std::time_t>(status.st_mtime, 0));
    entry.mode = 0777;
    if (S_ISDIR(status.st_mode)) return add_folder(std::move(entry), full);
    if (S_ISLNK(status.st_mode)) return add_link(std::move(entry), full);
    if (!S_ISREG(status.st_mode)) return {};  // git makes no others
    return add_file(std::move(entry), full, status);
  }

  Result<void> add_folder(images::TarEntry entry, const fs::path& full) {
    entry.kind = images::EntryKind::folder;
    if (std::count(entry.path.begin(), entry.path.end(), '/') > static_cast<std::ptrdiff_t>(kDeepest)) {
      return fail(Error::Kind::too_large, "workspace: folders nest over 128 levels");
    }
    std::vector<std::string> names;
    std::error_code code;
    for (const auto& child : fs::directory_iterator(full, code))
      names.push_back(entry.path + "/" + child.path().filename().string());
    if (code) return broken(entry.path, code.message());
    std::sort(names.rbegin(), names.rend());
    waiting_.insert(waiting_.end(), names.begin(), names.end());
    made_ += images::tar_header(entry);
    return {};
  }

  Result<void> add_link(images::TarEntry entry, const fs::path& full) {
    std::error_code code;
    entry.link_target = fs::read_symlink(full, code).string();
    if (code) return broken(entry.path, code.message());
    entry.kind = images::EntryKind::symlink;
    made_ += images::tar_header(entry);
    return {};
  }

  Result<void> add_file(images::TarEntry entry, const fs::path& full, const struct stat& status) {
    file_ = ::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (file_ < 0) return broken(entry.path, std::strerror(errno));
    left_ = entry.size = static_cast<std::uint64_t>(status.st_size);
    padding_ = images::tar_padding(entry.size);
    entry.mode = (status.st_mode & 0111) != 0 ? 0777 : 0666;
    made_ += images::tar_header(entry);
    return {};
  }

  Result<void> add_content() {
    char chunk[64 << 10];
    const ssize_t got = left_ == 0 ? 0 : ::read(file_, chunk, std::min<std::uint64_t>(left_, sizeof chunk));
    if (got < 0) return broken(root_, std::strerror(errno));
    if (got == 0) {
      ::close(std::exchange(file_, -1));
      if (left_ > 0) return broken(root_, "a file shrank while it was read");
      made_.append(padding_, '\0');
      return {};
    }
    left_ -= static_cast<std::uint64_t>(got);
    made_.append(chunk, static_cast<std::size_t>(got));
    return {};
  }

  fs::path root_;
  std::string made_;
  std::vector<std::string> waiting_;  // paths still to come, the next one last
  int file_ = -1;                     // the one that is being packed
  std::uint64_t left_ = 0;            // of it
  std::size_t padding_ = 0;           // after it
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
