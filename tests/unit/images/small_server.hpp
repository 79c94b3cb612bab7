#pragma once
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace slipway::images {

/// An HTTP server on loopback that answers one request a connection with what it is told to, on a thread of its own.
class SmallServer {
 public:
  struct Asked {
    Asked() = default;
    std::string line;  ///< "GET /path HTTP/1.1"
    std::string path;  ///< with its query
    std::string head;
    std::string body;
  };
  struct Answer {
    Answer() = default;
    Answer(int code, std::string text, std::string more_headers = "")
        : status(code), body(std::move(text)), headers(std::move(more_headers)) {}
    int status = 404;
    std::string body;
    std::string headers;  ///< each ended by "\r\n"
  };
  using Handler = std::function<Answer(const Asked&)>;

  explicit SmallServer(Handler handler);
  SmallServer(const SmallServer&) = delete;
  SmallServer& operator=(const SmallServer&) = delete;
  ~SmallServer();

  /// "127.0.0.1:PORT"
  [[nodiscard]] std::string host() const { return "127.0.0.1:" + std::to_string(port_); }
  /// The first lines of what was asked so far.
  [[nodiscard]] std::vector<std::string> asked() const;

 private:
  void serve();
  void serve_one(int connection);

  Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

}  // namespace slipway::images
