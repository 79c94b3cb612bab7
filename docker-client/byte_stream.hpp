#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/async.hpp"

namespace slipway::docker {

/// Bytes to and from one peer, whatever carries them. One reader and one writer at a time. Cancelling throws; closing
/// it under a waiting coroutine gives that one Kind::cancelled.
class ByteStream {
 public:
  using Parts = std::array<std::string_view, 3>;

  virtual ~ByteStream() = default;
  /// At least one byte, or 0 at the end.
  virtual awaitable<Result<std::size_t>> read_some(std::span<char> into) = 0;
  /// All parts, in one system call where the peer keeps up. The caller keeps the bytes alive.
  virtual awaitable<Result<void>> write(Parts parts) = 0;
  virtual awaitable<Result<void>> finish_writing() = 0;
  virtual void close() = 0;
  /// False if the peer closed it, or said something that nobody asked for, while it lay idle.
  [[nodiscard]] virtual bool idle_and_open() const = 0;
  /// Why it ended, where something else than the stream itself knows (ssh's own message); else empty.
  [[nodiscard]] virtual std::string last_words() { return {}; }
};

}  // namespace slipway::docker
