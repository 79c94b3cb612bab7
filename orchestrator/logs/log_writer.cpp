#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/kill_point.hpp"
#include "base/log.hpp"
#include "orchestrator/logs/log_store.hpp"

namespace slipway::logs {

namespace {

constexpr std::size_t kTimeSize = 64;
// The Engine splits lines at 16 KiB, and masking makes them at most three times as long.
constexpr std::size_t kLongestRecord = 64 << 10;

std::string first_word(std::string_view text) {
  return std::string(text.substr(0, std::min(text.find(' '), text.size())));
}

std::string_view last_line(std::string_view records) {
  if (!records.empty()) records.remove_suffix(1);
  const auto newline = records.rfind('\n');
  return newline == std::string_view::npos ? records : records.substr(newline + 1);
}

/// 0, or why the names of `folder` and of what is in it may not be on the disk (fsync(2): syncing a new file is not
/// enough).
int sync_names(const std::filesystem::path& folder) {
  for (const std::filesystem::path& one : {folder, folder.parent_path()}) {
    const int fd = ::open(one.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return errno;
    const int code = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (code != 0) return code;
  }
  return 0;
}

}  // namespace

Error disk_error(const std::string& name, int code) {
  const bool may_pass = code == ENOSPC || code == EDQUOT || code == EIO;
  return {may_pass ? Error::Kind::unavailable : Error::Kind::internal, "log " + name + ": " + std::strerror(code)};
}

LogWriter::LogWriter(LogStore& store, LogKey key, int fd, std::uint64_t size)
    : store_(store), key_(std::move(key)), fd_(fd), size_(size), synced_(size), folder_synced_(size > 0) {
  read_times();
}

void LogWriter::read_times() {
  first_time_.clear();
  last_time_.clear();
  if (size_ == 0) return;
  first_time_ = first_word(slipway::read_at(fd_, 0, kTimeSize).value_or(""));
  const std::uint64_t from = size_ > kLongestRecord ? size_ - kLongestRecord : 0;
  last_time_ = first_word(last_line(slipway::read_at(fd_, from, kLongestRecord).value_or("")));
}

LogWriter::~LogWriter() {
  ::close(fd_);
}

Result<void> LogWriter::append(std::string_view records) {
  kill_point(Side::before, "log write");
  std::string_view rest = records;
  while (!rest.empty()) {
    const ssize_t count = ::write(fd_, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int code = errno;
      // Half a record must not stay; if even that fails, `committed` cuts it off at the next start.
      if (::ftruncate(fd_, static_cast<off_t>(size_)) != 0) log::error("log can't be cut back", {{"log", key_.name}});
      return fail(store_.note_trouble(disk_error(key_.name, code)));
    }
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  if (size_ == 0) first_time_ = first_word(records);
  last_time_ = first_word(last_line(records));
  size_ += records.size();
  store_.wake(key_);
  kill_point(Side::after, "log write");
  return {};
}

Result<void> LogWriter::note(std::string_view text) {
  std::string record;
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  append_record(record, format_time(SystemClock().now()), Stream::slipway, true, line);
  return append(record);
}

awaitable<Result<std::uint64_t>> LogWriter::sync() {
  const std::uint64_t size = size_;
  if (size == synced_) co_return size;
  const std::uint64_t cuts = cuts_;
  std::filesystem::path folder;
  if (!folder_synced_) folder = store_.base_of(key_).parent_path();
  auto work = [fd = fd_, folder] {
    if (::fdatasync(fd) != 0) return errno;
    return folder.empty() ? 0 : sync_names(folder);
  };
  kill_point(Side::before, "log sync");
  const int code = co_await store_.pool_.run(std::move(work));
  kill_point(Side::after, "log sync");
  if (code != 0) co_return fail(store_.note_trouble(disk_error(key_.name, code)));
  if (cuts != cuts_) co_return fail(Error::Kind::unavailable, "log " + key_.name + ": cut back while it was synced");
  synced_ = std::max(synced_, size);
  folder_synced_ = true;
  store_.clear_trouble();
  co_return size;
}

Result<void> LogWriter::roll_back() {
  if (::ftruncate(fd_, static_cast<off_t>(synced_)) != 0) {
    return fail(store_.note_trouble(disk_error(key_.name, errno)));
  }
  size_ = synced_;
  ++cuts_;
  read_times();
  return {};
}

awaitable<Result<void>> LogWriter::seal() {
  const Result<std::uint64_t> synced = co_await sync();
  if (!synced) co_return fail(synced.error());
  kill_point(Side::before, "log seal");
  auto work = store_.seal(key_);
  Result<void> sealed = co_await std::move(work);
  kill_point(Side::after, "log seal");
  co_return sealed;
}

}  // namespace slipway::logs
