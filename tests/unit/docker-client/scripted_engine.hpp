#pragma once
#include <functional>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <unistd.h>

#include "base/async.hpp"
#include "base/ids.hpp"
#include "docker-client/endpoint.hpp"

namespace slipway::docker {

/// One accepted connection of a ScriptedEngine.
class Peer {
 public:
  using Socket = asio::local::stream_protocol::socket;
  explicit Peer(Socket socket) : socket_(std::move(socket)) {}

  /// The next request: its head and, with a Content-Length or chunks, its body as sent. Empty when the client left.
  awaitable<std::string> request() {
    for (;;) {
      const std::size_t size = request_size();
      if (size > 0) co_return take(size);
      const std::size_t count = co_await fill();
      if (count == 0) co_return std::string();
    }
  }
  /// Up to the end of the request's headers only.
  awaitable<std::string> head() {
    while (bytes_.find("\r\n\r\n") == std::string::npos) {
      const std::size_t count = co_await fill();
      if (count == 0) co_return std::string();
    }
    co_return take(bytes_.find("\r\n\r\n") + 4);
  }
  /// Everything up to the client's end.
  awaitable<std::string> rest() {
    std::size_t more = 1;
    while (more > 0) more = co_await fill();
    co_return std::exchange(bytes_, {});
  }
  /// What has arrived, at least one byte unless the client left.
  awaitable<std::string> some() {
    if (bytes_.empty()) co_await fill();
    co_return std::exchange(bytes_, {});
  }
  awaitable<void> send(std::string text) {
    boost::system::error_code ignored;
    co_await asio::async_write(socket_, asio::buffer(text), asio::redirect_error(use_awaitable, ignored));
  }
  awaitable<void> answer(std::string status, std::string body, std::string headers = {}) {
    std::string text =
        "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
    co_await send(std::move(text));
  }
  void close() { socket_.close(); }

 private:
  awaitable<std::size_t> fill() {
    std::array<char, 65536> chunk;
    boost::system::error_code ignored;
    const std::size_t count =
        co_await socket_.async_read_some(asio::buffer(chunk), asio::redirect_error(use_awaitable, ignored));
    bytes_.append(chunk.data(), count);
    co_return count;
  }
  std::string take(std::size_t size) {
    std::string out = bytes_.substr(0, size);
    bytes_.erase(0, size);
    return out;
  }
  [[nodiscard]] std::size_t request_size() const {
    const auto end = bytes_.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    const auto length = bytes_.find("Content-Length: ");
    std::size_t size = end + 4;
    if (length < end) size += std::stoul(bytes_.substr(length + 16));
    if (bytes_.find("Transfer-Encoding: chunked") < end) {
      const auto last = bytes_.find("0\r\n\r\n", end + 4);
      return last == std::string::npos ? 0 : last + 5;
    }
    return bytes_.size() >= size ? size : 0;
  }

  Socket socket_;
  std::string bytes_;
};

/// A real Unix socket with a scripted server behind it, for what a real Engine does only when it is dying: cut bodies,
/// closed connections, odd bytes. The script is called once for each connection, with its number from 0.
class ScriptedEngine {
 public:
  using Script = std::function<awaitable<void>(Peer peer, int number)>;

  ScriptedEngine(Executor executor, Script script) : acceptor_(executor), tasks_(executor), script_(std::move(script)) {
    path_ = "/tmp/slipway-scripted-" + random_hex(8) + ".sock";
    acceptor_.open();
    acceptor_.bind(asio::local::stream_protocol::endpoint(path_));
    acceptor_.listen();
    tasks_.spawn("scripted engine", accept());
  }
  /// Ends all its connections; must be awaited.
  awaitable<void> stop() {
    acceptor_.close();
    ::unlink(path_.c_str());
    tasks_.cancel();
    co_await tasks_.join();
  }
  [[nodiscard]] Endpoint endpoint() const {
    Endpoint endpoint;
    endpoint.path = path_;
    return endpoint;
  }
  [[nodiscard]] int connections() const { return connections_; }

 private:
  awaitable<void> accept() {
    for (;;) {
      Peer peer(co_await acceptor_.async_accept(use_awaitable));
      tasks_.spawn("scripted connection", script_(std::move(peer), connections_++));
    }
  }

  asio::local::stream_protocol::acceptor acceptor_;
  Tasks tasks_;
  Script script_;
  std::string path_;
  int connections_ = 0;
};

}  // namespace slipway::docker
