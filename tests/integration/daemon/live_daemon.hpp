#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/types.h>

#include "base/http_client.hpp"
#include "base/json.hpp"
#include "tests/support/programs.hpp"

namespace slipway::daemon {

/// The program slipwayd on a data folder and a free port, an admin's token at hand. Killed with the object.
class LiveDaemon {
 public:
  /// `token`: of an installation that has one already. `environment` is added to the test's own. `port`: 0 is a free
  /// one. `address`: as in a URL. `engine`: empty is the settings file's.
  explicit LiveDaemon(std::filesystem::path data, std::string token = {},
                      std::map<std::string, std::string> environment = {},
                      std::string engine = "unix:///nonexistent/engine.sock", int port = 0,
                      std::string address = "127.0.0.1");
  LiveDaemon(const LiveDaemon&) = delete;
  ~LiveDaemon();

  /// `slipway WORDS…` as the admin.
  Ran slipway(std::vector<std::string> words, std::string input = {}) const;
  /// As the admin, with a body of JSON unless it is null.
  HttpResponse send(const std::string& method, const std::string& path, const Json& body = {}) const;
  /// SIGTERM, and its end awaited; the exit code.
  int stop();
  [[nodiscard]] const std::string& token() const { return token_; }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://" + listen_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  /// Everything it has said.
  [[nodiscard]] std::string output() const;

 private:
  void await_start();
  bool has_started();
  int reap();

  std::filesystem::path data_;
  std::string token_;
  std::filesystem::path output_;
  int port_;
  std::string listen_;
  pid_t pid_ = -1;
};

}  // namespace slipway::daemon
