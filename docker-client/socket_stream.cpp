#include "docker-client/socket_stream.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

namespace slipway::docker {
namespace {

/// What a failed operation means: thrown if the caller was cancelled, else an Error.
awaitable<Error> failure(boost::system::error_code code) {
  if (code != asio::error::operation_aborted && code != asio::error::bad_descriptor) {
    co_return Error(Error::Kind::unavailable, code.message());
  }
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() != asio::cancellation_type::none) {
    throw boost::system::system_error(asio::error::operation_aborted);
  }
  co_return Error(Error::Kind::cancelled, "the connection was closed on our side");
}

}  // namespace

awaitable<Result<std::size_t>> SocketStream::read_some(std::span<char> into) {
  boost::system::error_code code;
  const auto space = asio::buffer(into.data(), into.size());
  const std::size_t count = co_await socket_.async_read_some(space, asio::redirect_error(use_awaitable, code));
  if (!code || code == asio::error::eof) co_return count;
  Error error = co_await failure(code);
  co_return fail(std::move(error));
}

awaitable<Result<void>> SocketStream::write(Parts parts) {
  std::array<asio::const_buffer, std::tuple_size_v<Parts>> buffers;
  for (std::size_t i = 0; i < parts.size(); ++i) buffers[i] = asio::buffer(parts[i]);
  boost::system::error_code code;
  co_await asio::async_write(socket_, buffers, asio::redirect_error(use_awaitable, code));
  if (!code) co_return Result<void>();
  Error error = co_await failure(code);
  co_return fail(std::move(error));
}

awaitable<Result<void>> SocketStream::finish_writing() {
  boost::system::error_code code;
  socket_.shutdown(Socket::shutdown_send, code);
  if (code) co_return fail(Error::Kind::unavailable, code.message());
  co_return Result<void>();
}

void SocketStream::close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

bool SocketStream::idle_and_open() const {
  if (!socket_.is_open()) return false;
  char byte = 0;
  const auto count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace slipway::docker
