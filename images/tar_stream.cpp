#include "images/tar_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace slipway::images {

TarStream::TarStream(TreeWalk walk, std::vector<ExtraFile> extras) : walk_(std::move(walk)) {
  for (const ExtraFile& extra : extras) {
    TarEntry entry;
    entry.path = extra.path;
    entry.size = extra.content.size();
    start_ += tar_header(entry) + extra.content;
    start_.append(tar_padding(entry.size), '\0');
    ++counted_.entries;
    counted_.content_bytes += entry.size;
  }
}

Result<std::string> TarStream::next() {
  std::string piece = std::exchange(start_, {});
  piece.reserve(kPiece + 4 * kTarBlock);
  const auto until = std::chrono::steady_clock::now() + kTurn;
  while (piece.size() < kPiece && !finished_) {
    Result<void> added = file_ ? add_content(piece) : add_entry(piece, until);
    if (!added) return fail(added.error());
    if (std::chrono::steady_clock::now() >= until) break;
  }
  hash_.update(piece);
  counted_.tar_bytes += piece.size();
  if (piece.empty() && finished_ && summary_->digest.empty()) {
    counted_.digest = "sha256:" + hash_.finish();
    *summary_ = counted_;
  }
  return piece;
}

Result<void> TarStream::add_entry(std::string& piece, TreeWalk::TimePoint until) {
  Result<std::optional<TreeEntry>> entry = walk_.next(until);
  if (!entry) return fail(entry.error());
  if (!*entry && !walk_.ended()) return {};
  if (!*entry) {
    piece += tar_end();
    finished_ = true;
    return {};
  }
  TarEntry& header = (*entry)->header;
  piece += tar_header(header);
  ++counted_.entries;
  counted_.content_bytes += header.size;
  if (header.size == 0) return {};
  file_ = std::move((*entry)->file);
  path_ = std::move(header.path);
  remaining_ = header.size;
  padding_ = tar_padding(header.size);
  return {};
}

Result<void> TarStream::add_content(std::string& piece) {
  const std::size_t before = piece.size();
  const std::size_t room = kPiece - before;
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(room, remaining_));
  piece.resize(before + wanted);
  const ssize_t got = read(file_.get(), piece.data() + before, wanted);
  if (got < 0) return fail(Error::Kind::internal, "read '" + path_ + "': " + std::strerror(errno));
  if (got == 0) return fail(Error::Kind::conflict, "'" + path_ + "' shrank while the context was read");
  piece.resize(before + static_cast<std::size_t>(got));
  remaining_ -= static_cast<std::uint64_t>(got);
  if (remaining_ == 0) {
    piece.append(padding_, '\0');
    file_ = FileDescriptor();
  }
  return {};
}

}  // namespace slipway::images
