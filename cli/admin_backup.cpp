#include <cerrno>
#include <cstring>
#include <filesystem>

#include <CLI/App.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/session.hpp"
#include "cli/standard_output.hpp"
#include "cli/verbs.hpp"
#include "cli/whole_tar.hpp"

namespace slipway::cli {
namespace {

namespace fs = std::filesystem;

Error file_error(const fs::path& path) {
  return {Error::Kind::unavailable, path.string() + ": " + std::strerror(errno)};
}

/// A file that has its name only once it is whole.
class NewFile {
 public:
  explicit NewFile(fs::path path)
      : path_(std::move(path)),
        part_(path_.string() + ".part"),
        fd_(::open(part_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) {}
  NewFile(const NewFile&) = delete;
  ~NewFile() {
    if (fd_ < 0) return;
    ::close(fd_);
    ::unlink(part_.c_str());
  }

  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) {
        failure_ = file_error(part_);
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  /// Of a tar: one that broke off is Kind::unavailable, and what had the name before keeps it.
  Result<void> finish() {
    const Result<bool> whole = tar_is_whole(fd_);
    if (!whole) return fail(whole.error().in(part_.string()));
    if (!*whole) return fail(Error::Kind::unavailable, "the backup broke off before its end", "try again");
    if (::fsync(fd_) != 0 || ::rename(part_.c_str(), path_.c_str()) != 0) return fail(file_error(path_));
    ::close(std::exchange(fd_, -1));
    return {};
  }
  [[nodiscard]] const std::optional<Error>& failure() const { return failure_; }

 private:
  fs::path path_, part_;
  int fd_;
  std::optional<Error> failure_;
};

/// Whether it came to its end, nobody can see from what came: the exit code says it.
Result<void> backup_to_output(const Api& api, const Query& query) {
  Result<void> written;
  bool any = false;
  const Result<void> came = api.download("/api/v1/backup", query, [&](std::string_view bytes) {
    any = any || !bytes.empty();
    written = write_output(bytes);
    return written.has_value();
  });
  if (!written) return written;
  if (!came) return fail(came.error().in("backup"));
  return any ? Result<void>() : fail(Error::Kind::unavailable, "the backup broke off before its end", "try again");
}

Result<void> backup_to_file(const Api& api, const Query& query, const std::string& path) {
  NewFile file(path);
  if (!file.ok()) return fail(file_error(path));
  const auto take = [&file](std::string_view bytes) { return file.write(bytes); };
  const Result<void> came = api.download("/api/v1/backup", query, take);
  if (file.failure()) return fail(*file.failure());
  if (!came) return fail(came.error().in("backup"));
  return file.finish();
}

Result<Exit> admin_backup(Session& session, const std::string& path, bool logs) {
  const bool piped = path == "-";
  if (piped && stdout_is_terminal()) {
    return fail(session.misuse({Error::Kind::invalid, "a backup is not for a terminal",
                                "for example slipway admin backup - | zstd > backup.tar.zst"}));
  }
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Query query{{"logs", logs ? "1" : ""}};
  const Result<void> done = piped ? backup_to_output(**api, query) : backup_to_file(**api, query, path);
  if (!done) return fail(done.error());
  tell(session, fmt::format("{} has everything but the key file (`key` in the daemon's data folder): keep that, too, "
                            "in another place",
                            piped ? "the backup" : path));
  return Exit::ok;
}

}  // namespace

void add_admin_backup(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("backup", "a backup of the daemon, which goes on working, into a file");
  auto file = std::make_shared<std::string>();
  auto logs = std::make_shared<bool>(false);
  verb->add_option("FILE", *file,
                   "where to put it (a tar); replaced if it is there; -: standard output, whole if this exits with 0")
      ->required();
  verb->add_flag("--logs", *logs, "with the logs of all runs");
  verb->callback([&session, file, logs] { session.finish(admin_backup(session, *file, *logs)); });
}

}  // namespace slipway::cli
