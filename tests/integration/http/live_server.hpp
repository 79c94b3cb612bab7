#pragma once
#include <atomic>
#include <filesystem>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "base/http_client.hpp"
#include "orchestrator/auth/tokens.hpp"
#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/server.hpp"
#include "orchestrator/logs/log_store.hpp"
#include "tests/integration/http/recorded_actions.hpp"

namespace slipway::http {

/// Logs, and how often they were asked. Borrows them.
class CountedLogs final : public logs::LogReader {
 public:
  explicit CountedLogs(logs::LogReader& logs) : logs_(logs) {}
  awaitable<Result<logs::LogChunk>> read(logs::LogKey key, std::uint64_t offset, std::size_t limit) override {
    ++asked_;
    return logs_.read(std::move(key), offset, limit);
  }
  awaitable<Result<logs::LogChunk>> follow(logs::LogKey key, std::uint64_t offset, std::size_t limit) override {
    ++asked_;
    return logs_.follow(std::move(key), offset, limit);
  }
  awaitable<Result<logs::LogChunk>> tail(logs::LogKey key, std::size_t lines) override {
    ++asked_;
    return logs_.tail(std::move(key), lines);
  }
  [[nodiscard]] int asked() const { return asked_; }

 private:
  logs::LogReader& logs_;
  std::atomic<int> asked_ = 0;
};

/// The server with a real store and real logs, on a thread of its own; what the daemon would do is recorded. The hook
/// secret of every project is "hook-secret".
class LiveServer {
 public:
  explicit LiveServer(ServerSettings settings = quick());
  ~LiveServer();
  LiveServer(const LiveServer&) = delete;

  /// Settings with limits short enough to wait for.
  static ServerSettings quick();

  /// A request with a token of that role ("" for none) and a JSON body.
  HttpResponse send(const std::string& method, const std::string& path, const std::string& role = "admin",
                    const std::string& body = "", HttpHeaders headers = {});
  [[nodiscard]] std::string url(const std::string& path) const;
  [[nodiscard]] std::uint16_t port() const { return server.port(); }
  [[nodiscard]] const Secret& token(const std::string& role) const { return tokens_.at(role); }

  /// Waits, for up to ten seconds, until the server's own figures hold this line.
  bool comes_to_show(const std::string& line);
  /// The same for the number of its connections.
  bool comes_to_have(std::size_t connections);

  /// Runs a coroutine on the server's thread.
  template <class T>
  T on_io(awaitable<T> work) {
    std::promise<T> done;
    asio::co_spawn(io_, std::move(work), [&](std::exception_ptr escaped, T value) {
      escaped ? done.set_exception(escaped) : done.set_value(std::move(value));
    });
    return done.get_future().get();
  }

 private:
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;

 public:
  const std::filesystem::path folder;
  SystemClock clock;
  Pool pool;
  std::unique_ptr<store::Store> store;
  auth::TokenDesk desk;
  logs::LogStore logs;
  CountedLogs counted_logs{logs};
  triggers::Receiver receiver;
  RecordedActions actions;
  Backend backend;
  Router router;
  Gate gate;
  Server server;

 private:
  static std::unique_ptr<store::Store> open_store(const std::filesystem::path& folder);
  void make_token(const std::string& role);

  std::map<std::string, Secret> tokens_;
  std::thread thread_;
};

/// A connection that sends whatever bytes it is told to.
class RawClient {
 public:
  /// Comes from 127.0.0.`host`.
  explicit RawClient(std::uint16_t port, int host = 1);
  ~RawClient();
  RawClient(const RawClient&) = delete;

  /// False when the other side does not take it.
  bool send(std::string_view bytes);
  /// Everything until the other side closes, or `limit` has passed.
  std::string read_all(std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Until `text` has come, or `limit` has passed; what has come so far.
  std::string read_until(std::string_view text, std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Whether the other side closed within `limit`.
  bool closed_within(std::chrono::milliseconds limit);
  void finish_sending();

 private:
  bool read_some(std::chrono::steady_clock::time_point until);
  int fd_;
  bool closed_ = false;
  std::string received_;
};

}  // namespace slipway::http
