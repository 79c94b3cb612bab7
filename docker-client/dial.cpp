#include "docker-client/dial.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <netinet/tcp.h>

#include "docker-client/socket_stream.hpp"
#include "docker-client/ssh_stream.hpp"
#include "docker-client/tls_stream.hpp"

namespace slipway::docker {
namespace {

using Dialled = Result<std::unique_ptr<ByteStream>>;

Error unreachable(boost::system::error_code code) {
  if (code == asio::error::access_denied)
    return Error(Error::Kind::forbidden, code.message(),
                 "let this user use the socket, for example by the group docker");
  return Error(Error::Kind::unavailable, code.message());
}

awaitable<Dialled> dial_unix(std::string path) {
  asio::local::stream_protocol::socket socket(co_await asio::this_coro::executor);
  boost::system::error_code code;
  const asio::local::stream_protocol::endpoint place(path);
  co_await socket.async_connect(place, asio::redirect_error(use_awaitable, code));
  if (code == asio::error::operation_aborted) throw boost::system::system_error(code);
  if (code) co_return fail(unreachable(code));
  co_return std::make_unique<SocketStream>(SocketStream::Socket(std::move(socket)));
}

/// Small requests leave at once; a peer that vanished is noticed within a minute, since reads have no timeout.
void tune(asio::ip::tcp::socket& socket) {
  boost::system::error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket.set_option(asio::socket_base::keep_alive(true), ignored);
  const int idle = 30, interval = 10, count = 3;
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

awaitable<Dialled> dial_tcp(Endpoint endpoint) {
  asio::ip::tcp::resolver resolver(co_await asio::this_coro::executor);
  boost::system::error_code code;
  const std::string port = std::to_string(endpoint.port);
  const auto places = co_await resolver.async_resolve(endpoint.host, port, asio::redirect_error(use_awaitable, code));
  if (code == asio::error::operation_aborted) throw boost::system::system_error(code);
  if (code) co_return fail(unreachable(code));
  asio::ip::tcp::socket socket(co_await asio::this_coro::executor);
  co_await asio::async_connect(socket, places, asio::redirect_error(use_awaitable, code));
  if (code == asio::error::operation_aborted) throw boost::system::system_error(code);
  if (code) co_return fail(unreachable(code));
  tune(socket);
  std::unique_ptr<ByteStream> plain = std::make_unique<SocketStream>(SocketStream::Socket(std::move(socket)));
  if (endpoint.tls.empty()) co_return std::move(plain);
  co_return co_await start_tls(std::move(plain), endpoint.tls, endpoint.host);
}

awaitable<Dialled> dial_without_deadline(Endpoint endpoint, Duration timeout) {
  if (endpoint.kind == Endpoint::Kind::unix_socket) co_return co_await dial_unix(endpoint.path);
  if (endpoint.kind == Endpoint::Kind::tcp) co_return co_await dial_tcp(endpoint);
  co_return start_ssh(co_await asio::this_coro::executor, endpoint, timeout);
}

}  // namespace

awaitable<Dialled> dial(Endpoint endpoint, Duration timeout) {
  auto work = dial_without_deadline(endpoint, timeout);
  Dialled stream = co_await with_deadline(timeout, std::move(work), "connecting");
  if (!stream) co_return fail(std::move(stream.error()).in("engine at " + endpoint.text()));
  co_return stream;
}

}  // namespace slipway::docker
