#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace slipway {

/// An HTTP server on loopback for what a real daemon can't be made to do on demand: its n-th connection gets the n-th
/// of the answers that were given to it, as they are, once the request's head has come. Later connections are closed.
class ScriptedServer {
 public:
  struct Turn {
    Turn(std::string answer, std::chrono::milliseconds open = {}) : bytes(std::move(answer)), stays(open) {}
    std::string bytes;                ///< head and all; empty: the connection is closed as if the daemon had died
    std::chrono::milliseconds stays;  ///< how long the connection is open behind that, unless the client goes
  };

  explicit ScriptedServer(std::vector<Turn> turns);
  ScriptedServer(const ScriptedServer&) = delete;
  ~ScriptedServer();

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// The heads of the requests so far, in the order in which they came.
  [[nodiscard]] std::vector<std::string> asked() const;

  /// A whole answer.
  static std::string json(std::string_view body, int status = 200);
  /// An answer in chunks, with the end that chunks have or broken off.
  static std::string chunks(std::string_view content_type, const std::vector<std::string>& pieces, bool ended);

 private:
  void accept();
  void serve(int connection, std::size_t turn);

  std::vector<Turn> turns_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::vector<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace slipway
