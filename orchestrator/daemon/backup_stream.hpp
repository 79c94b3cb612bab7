#pragma once
#include <deque>
#include <filesystem>
#include <memory>
#include <string>

#include "base/async.hpp"
#include "images/file_descriptor.hpp"
#include "orchestrator/http/message.hpp"

namespace slipway::daemon {

/// A backup's files as a tar, read while it is sent; a log that grows meanwhile is as long as it was when its turn
/// came. Borrows the pool.
class BackupStream final : public http::Stream {
 public:
  /// `manifest` becomes `backup.json`, the first entry.
  BackupStream(Pool& pool, std::string_view manifest);
  ~BackupStream() override;

  /// A file that is open already; it may have no name any more.
  void add(std::string name, images::FileDescriptor file);
  /// A log below `logs`, as `logs/RUN/NAME`: opened when its turn comes, left out if it is gone by then.
  void add_log(std::filesystem::path path);
  /// Called once, when the stream is at its end or destroyed.
  void on_end(std::function<void()> told) { told_ = std::move(told); }

  awaitable<Result<std::string>> next() override;

 private:
  struct Part {
    std::string name;
    images::FileDescriptor file;
    std::filesystem::path path;
  };
  Result<std::string> read_piece();
  bool begin_part(std::string& piece);
  Result<void> read_part(std::string& piece);

  Pool& pool_;
  std::deque<Part> parts_;
  std::string start_;
  std::uint64_t remaining_ = 0;  // bytes of the first part
  std::size_t padding_ = 0;
  bool in_part_ = false;
  bool finished_ = false;
  std::function<void()> told_;
};

}  // namespace slipway::daemon
