#pragma once
#include <memory>
#include <string>

#include "docker-client/endpoint.hpp"
#include "docker-client/message.hpp"

namespace slipway::docker {

struct TransportOptions {
  Duration connect_timeout = std::chrono::seconds(10);
  Duration response_timeout = std::chrono::seconds(60);  ///< see Request::patience
  std::size_t body_limit = 32 << 20;                     ///< of a whole answer; more is Kind::too_large
  std::size_t idle_connections = 8;                      ///< kept open at most
  Duration idle_timeout = std::chrono::seconds(60);
  /// Open at once; zero: 1024, or 32 by ssh, where each is a process. An eighth is kept for calls that are no streams.
  /// Who finds none free waits, within the request's patience.
  std::size_t connections = 0;
};

class Exchange;
class ConnectionPool;

/// An answer whose body is read as it comes. Unread, it holds the Engine back. Its connection is reused only when the
/// body was read to its end; destroying it early closes the connection, which is how a pull or a build is stopped.
/// Reads have no timeout.
class ResponseStream {
 public:
  explicit ResponseStream(std::unique_ptr<Exchange> exchange);
  ResponseStream(ResponseStream&&) noexcept;
  ResponseStream& operator=(ResponseStream&&) noexcept;
  ~ResponseStream();

  [[nodiscard]] int status() const;
  [[nodiscard]] const Headers& headers() const;
  [[nodiscard]] std::string_view header(std::string_view lower_case_name) const;
  /// The bytes that are there, at most 64 KiB; an empty string is the end of a complete body. A body that was cut off
  /// is Kind::unavailable. The end says nothing about why the Engine ended it: an Engine that is told to stop also ends
  /// its streams cleanly.
  awaitable<Result<std::string>> next();

 private:
  std::unique_ptr<Exchange> exchange_;
};

/// A connection that stopped being HTTP: raw bytes both ways. Reading and writing may go on at the same time, one of
/// each. Unread, an attached container blocks. Never goes back to the pool; destroying it closes it.
class HijackedStream {
 public:
  explicit HijackedStream(std::unique_ptr<Exchange> exchange);
  HijackedStream(HijackedStream&&) noexcept;
  HijackedStream& operator=(HijackedStream&&) noexcept;
  ~HijackedStream();

  [[nodiscard]] const Headers& headers() const;
  /// The bytes that are there, at most 64 KiB; an empty string is the end. No timeout.
  awaitable<Result<std::string>> read();
  awaitable<Result<void>> write(std::string bytes);
  /// Half-close: the other side sees the end of its input; reading goes on.
  awaitable<Result<void>> finish_writing();
  void close();

 private:
  std::unique_ptr<Exchange> exchange_;
};

/// HTTP/1.1 to one Engine over a pool of kept connections. Everything runs on `executor`'s one thread; cancelling a
/// call closes its connection. Must outlive its calls, not its streams.
///
/// A connection that the Engine closed while it was idle is replaced unseen; a request is sent a second time only when
/// it is GET, HEAD or DELETE without a source, on a kept connection, and no byte of an answer had come.
///
/// A status of 400 and more is an Error with the Engine's message: 400 and 405 invalid, 401 unauthorized, 403
/// forbidden, 404 not_found, 409 conflict, 413 too_large, 502 and 503 unavailable, 504 timeout, other 5xx internal. An
/// Engine that can't be reached is unavailable. Other statuses (304 among them) are answers.
class Transport {
 public:
  Transport(Executor executor, Endpoint endpoint, TransportOptions options = {});
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;
  ~Transport();

  /// Reads the whole answer. Its bounded body is limited by TransportOptions::body_limit.
  awaitable<Result<Response>> request(Request request);
  /// Returns once the headers are there (the body of the request may still be on its way).
  awaitable<Result<ResponseStream>> stream(Request request);
  /// Asks for an upgrade to "tcp" unless the request has an Upgrade header of its own. An answer of any other kind, as
  /// a proxy gives that passes no upgrades on, is Kind::protocol.
  awaitable<Result<HijackedStream>> hijack(Request request);

  /// Negotiated at first use with HEAD /_ping (GET where that fails): the lower of ours and the Engine's. Asked anew
  /// after the Engine was lost. An Engine that wants newer clients only is Kind::unavailable, and says so.
  awaitable<Result<ApiVersion>> version();

  [[nodiscard]] const Endpoint& endpoint() const;
  /// Closes the idle connections; calls that run go on.
  void close_idle();

 private:
  awaitable<Result<std::unique_ptr<Exchange>>> open(Request request, bool streaming);
  awaitable<Result<std::unique_ptr<Exchange>>> attempt(Request& request, bool streaming, bool& again);
  awaitable<Result<ApiVersion>> negotiate();

  awaitable<Result<ApiVersion>> minimum_version();

  std::shared_ptr<ConnectionPool> pool_;
  std::optional<ApiVersion> version_;
  unsigned losses_then_ = 0;  // of the pool, when the version was negotiated
};

}  // namespace slipway::docker
