#pragma once
#include <boost/asio/generic/stream_protocol.hpp>

#include "docker-client/byte_stream.hpp"

namespace slipway::docker {

/// A connected Unix or TCP socket.
class SocketStream : public ByteStream {
 public:
  using Socket = asio::generic::stream_protocol::socket;

  explicit SocketStream(Socket socket) : socket_(std::move(socket)) {}

  awaitable<Result<std::size_t>> read_some(std::span<char> into) override;
  awaitable<Result<void>> write(Parts parts) override;
  awaitable<Result<void>> finish_writing() override;
  void close() override;
  [[nodiscard]] bool idle_and_open() const override;

 private:
  mutable Socket socket_;
};

}  // namespace slipway::docker
