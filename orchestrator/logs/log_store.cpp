#include "orchestrator/logs/log_store.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>

#include <boost/asio/redirect_error.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "orchestrator/logs/segment.hpp"

namespace slipway::logs {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostBytes = 1 << 20;
constexpr std::size_t kMostLines = 10'000;
constexpr std::chrono::seconds kTroubleLasts{10};

bool is_name(std::string_view name) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 200 && name.front() != '.' &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

Result<void> check(const LogKey& key) {
  if (key.run && is_name(key.name)) return {};
  return fail(Error::Kind::invalid, "'" + key.name + "' is no name of a log");
}

/// Bytes read from one before `offset`, as records from the first that starts at or after it.
LogChunk chunk_of(Piece piece, std::uint64_t offset) {
  std::string_view text = piece.bytes;
  LogChunk chunk;
  chunk.offset = offset;
  if (offset > 0) {
    const auto newline = text.find('\n');
    const std::size_t cut = newline == std::string_view::npos ? text.size() : newline + 1;
    text.remove_prefix(cut);
    chunk.offset += cut - std::min<std::size_t>(cut, 1);
  }
  const std::size_t before = text.size();
  while (auto record = take_record(text)) chunk.records.push_back(std::move(*record));
  chunk.next = chunk.offset + before - text.size();
  // A log is made of whole records, so a rest at its end can only be damage: there is nothing to wait for.
  chunk.ended = piece.complete;
  return chunk;
}

Result<LogChunk> read_chunk(const fs::path& base, std::uint64_t offset, std::size_t limit) {
  const std::uint64_t from = offset > 0 ? offset - 1 : 0;
  for (std::size_t bytes = std::clamp<std::size_t>(limit, 4096, kMostBytes);; bytes *= 2) {
    Result<Piece> piece = read_segment(base, from, bytes);
    if (!piece) return fail(piece.error());
    const bool full = piece->bytes.size() == bytes;
    LogChunk chunk = chunk_of(std::move(*piece), offset);
    // A record is longer than the limit: take more.
    if (!chunk.records.empty() || !full || bytes >= 4 * kMostBytes) return chunk;
  }
}

Result<LogChunk> read_tail(const fs::path& base, std::size_t lines) {
  const Result<std::uint64_t> size = size_of_segment(base);
  if (!size) return fail(size.error());
  const std::uint64_t offset = *size > kMostBytes ? *size - kMostBytes : 0;
  Result<Piece> piece = read_segment(base, offset > 0 ? offset - 1 : 0, kMostBytes + 1);
  if (!piece) return fail(piece.error());
  LogChunk chunk = chunk_of(std::move(*piece), offset);
  // From the end back: an unterminated rest counts as a line.
  auto first = chunk.records.end();
  for (std::size_t seen = 0; first != chunk.records.begin();) {
    const bool starts_line = first == chunk.records.end() || std::prev(first)->ends_line;
    if (starts_line && ++seen > lines) break;
    --first;
  }
  std::string dropped;
  for (auto record = chunk.records.begin(); record != first; ++record) {
    append_record(dropped, record->time, record->stream, record->ends_line, record->text);
  }
  chunk.offset += dropped.size();
  chunk.records.erase(chunk.records.begin(), first);
  return chunk;
}

Result<int> open_file(const fs::path& base, std::uint64_t committed) {
  std::error_code code;
  for (const std::string_view suffix : {".end", ".zst"}) {
    if (fs::exists(segment_file(base, suffix), code)) return fail(Error::Kind::conflict, "the log has ended already");
  }
  fs::create_directories(base.parent_path(), code);
  if (code) return fail(disk_error(base.filename().string(), code.value()));
  const fs::path path = segment_file(base, ".log");
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return fail(disk_error(path.filename().string(), errno));
  struct stat status{};
  const bool whole = ::fstat(fd, &status) == 0 && static_cast<std::uint64_t>(status.st_size) >= committed;
  if (whole && ::ftruncate(fd, static_cast<off_t>(committed)) == 0) return fd;
  const int failure = errno;
  ::close(fd);
  if (whole) return fail(disk_error(path.filename().string(), failure));
  return fail(Error::Kind::internal, "log " + path.filename().string() + " is shorter than the journal says");
}

/// False if there is no log that could end.
Result<bool> end_file(const fs::path& base) {
  if (::rename(segment_file(base, ".log").c_str(), segment_file(base, ".end").c_str()) == 0) return true;
  if (errno == ENOENT) return false;
  return fail(disk_error(base.filename().string(), errno));
}

}  // namespace

LogStore::LogStore(fs::path folder, Executor executor, Pool& pool)
    : folder_(std::move(folder)), pool_(pool), compressions_(std::move(executor)) {}

LogStore::~LogStore() = default;

fs::path LogStore::base_of(const LogKey& key) const {
  return folder_ / to_string(key.run) / key.name;
}

awaitable<Result<std::unique_ptr<LogWriter>>> LogStore::open(LogKey key, std::uint64_t committed) {
  const Result<void> valid = check(key);
  if (!valid) co_return fail(valid.error());
  const Result<int> fd = open_file(base_of(key), committed);
  if (!fd && fd.error().kind == Error::Kind::unavailable) co_return fail(note_trouble(fd.error()));
  if (!fd) co_return fail(fd.error());
  wake(key);
  co_return std::make_unique<LogWriter>(*this, std::move(key), *fd, committed);
}

awaitable<Result<void>> LogStore::seal(LogKey key) {
  const Result<void> valid = check(key);
  if (!valid) co_return fail(valid.error());
  const Result<bool> ended = end_file(base_of(key));
  if (!ended) co_return fail(ended.error());
  if (!*ended) co_return Result<void>();
  wake(key);
  compress_soon(std::move(key));
  co_return Result<void>();
}

Result<void> LogStore::discard(const LogKey& key) {
  if (const Result<void> valid = check(key); !valid) return valid;
  for (const std::string_view suffix : {".log", ".end", ".zst"}) {
    std::error_code code;
    fs::remove(segment_file(base_of(key), suffix), code);
    if (code) return fail(disk_error(key.name, code.value()));
  }
  return {};
}

void LogStore::compress_soon(LogKey key) {
  compressions_.spawn("compress log", compress(std::move(key)));
}

awaitable<void> LogStore::compress(LogKey key) {
  auto work = [base = base_of(key)] { return compress_segment(base); };
  const Result<void> done = co_await pool_.run(std::move(work));
  if (!done && done.error().kind != Error::Kind::not_found) {
    log::warn("log stays uncompressed", {{"run", key.run}, {"log", key.name}, {"error", done.error()}});
  }
}

awaitable<Result<void>> LogStore::recover() {
  auto work = [folder = folder_] {
    std::vector<fs::path> complete;
    std::error_code code;
    for (const auto& run : fs::directory_iterator(folder, code)) {
      for (const auto& file : fs::directory_iterator(run.path(), code)) {
        if (file.path().extension() == ".end") complete.push_back(fs::path(file.path()).replace_extension());
      }
    }
    Result<void> outcome;
    for (const fs::path& base : complete) {
      if (Result<void> done = compress_segment(base); !done) outcome = std::move(done);
    }
    return outcome;
  };
  co_return co_await pool_.run(std::move(work));
}

awaitable<Result<void>> LogStore::remove(RunId run) {
  auto work = [path = folder_ / to_string(run)]() -> Result<void> {
    std::error_code code;
    fs::remove_all(path, code);
    if (code) return fail(Error::Kind::internal, path.string() + ": " + code.message());
    return {};
  };
  co_return co_await pool_.run(std::move(work));
}

awaitable<Result<std::vector<RunId>>> LogStore::runs() {
  auto work = [folder = folder_]() -> Result<std::vector<RunId>> {
    std::vector<RunId> found;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(folder, code)) {
      const std::string name = entry.path().filename().string();
      RunId run;
      const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), run.value);
      if (bad == std::errc() && end == name.data() + name.size() && run) found.push_back(run);
    }
    if (code && code != std::errc::no_such_file_or_directory) {
      return fail(Error::Kind::internal, folder.string() + ": " + code.message());
    }
    return found;
  };
  co_return co_await pool_.run(std::move(work));
}

awaitable<void> LogStore::close() {
  co_await compressions_.join();
}

awaitable<Result<LogChunk>> LogStore::read(LogKey key, std::uint64_t offset, std::size_t limit) {
  const Result<void> valid = check(key);
  if (!valid) co_return fail(valid.error());
  auto work = [base = base_of(key), offset, limit] { return read_chunk(base, offset, limit); };
  co_return co_await pool_.run(std::move(work));
}

awaitable<Result<LogChunk>> LogStore::follow(LogKey key, std::uint64_t offset, std::size_t limit) {
  for (;;) {
    // Listen before looking, or growth in between would be slept through.
    asio::steady_timer growth(co_await asio::this_coro::executor, asio::steady_timer::time_point::max());
    const auto place = followers_.emplace(key, &growth);
    struct Leave {
      std::multimap<LogKey, asio::steady_timer*>& followers;
      std::multimap<LogKey, asio::steady_timer*>::iterator place;
      ~Leave() { followers.erase(place); }
    } const leave{followers_, place};
    Result<LogChunk> chunk = co_await read(key, offset, limit);
    const bool missing = !chunk && chunk.error().kind == Error::Kind::not_found;
    if (!missing && (!chunk || !chunk->records.empty() || chunk->ended)) co_return chunk;
    if (growth.expiry() != asio::steady_timer::time_point::max()) continue;
    boost::system::error_code ignored;
    co_await growth.async_wait(asio::redirect_error(use_awaitable, ignored));
    co_await throw_if_cancelled();
  }
}

awaitable<Result<LogChunk>> LogStore::tail(LogKey key, std::size_t lines) {
  const Result<void> valid = check(key);
  if (!valid) co_return fail(valid.error());
  auto work = [base = base_of(key), count = std::min(lines, kMostLines)] { return read_tail(base, count); };
  co_return co_await pool_.run(std::move(work));
}

Error LogStore::note_trouble(Error error) {
  if (trouble_.empty()) log::error("logs can't be written", {{"reason", error}});
  trouble_ = error.message;
  trouble_at_ = std::chrono::steady_clock::now();
  return error;
}

std::string LogStore::trouble() const {
  return std::chrono::steady_clock::now() - trouble_at_ < kTroubleLasts ? trouble_ : std::string();
}

void LogStore::wake(const LogKey& key) {
  const auto [from, to] = followers_.equal_range(key);
  // Expired rather than cancelled, so that one who has not begun to wait does not sleep through it.
  for (auto follower = from; follower != to; ++follower) follower->second->expires_at({});
}

}  // namespace slipway::logs
