#include "tests/integration/daemon/live_daemon.hpp"

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/ids.hpp"

namespace slipway::daemon {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

LiveDaemon::LiveDaemon(fs::path data, std::string token, std::map<std::string, std::string> environment,
                       std::string engine, int port, std::string address)
    : data_(std::move(data)),
      token_(std::move(token)),
      output_(data_.string() + "." + random_hex(4) + ".out"),
      port_(port != 0 ? port : free_port()),
      listen_(address + ":" + std::to_string(port_)) {
  pid_ = ::fork();
  if (pid_ == 0) {
    const int out = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    ::dup2(out, 1);
    ::dup2(out, 2);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    const char* engine_flag = engine.empty() ? nullptr : "--engine";  // nothing is after a null
    ::execl(SLIPWAYD_PATH, "slipwayd", "--data", data_.c_str(), "--listen", listen_.c_str(), engine_flag,
            engine.c_str(), nullptr);
    ::_exit(127);
  }
  await_start();
}

LiveDaemon::~LiveDaemon() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    reap();
  }
  std::error_code ignored;
  fs::remove(output_, ignored);
}

void LiveDaemon::await_start() {
  const auto limit = std::chrono::steady_clock::now() + 20s;
  while (!has_started()) {
    int status = 0;
    const bool ended = ::waitpid(pid_, &status, WNOHANG) == pid_;
    if (ended) pid_ = -1;
    if (ended || std::chrono::steady_clock::now() > limit) throw std::runtime_error("no slipwayd: " + output());
    std::this_thread::sleep_for(20ms);
  }
}

/// It answers, and has shown its first token if that is wanted.
bool LiveDaemon::has_started() {
  HttpRequest request("GET", url() + "/healthz");
  const Result<HttpResponse> response = send_http(request);
  if (!response || !response->ok()) return false;
  if (!token_.empty()) return true;
  const std::string said = output(), before = "token=";
  const auto at = said.find(before), end = said.find('\n', at);
  if (at == std::string::npos || end == std::string::npos) return false;
  token_ = said.substr(at + before.size(), end - at - before.size());
  return true;
}

Ran LiveDaemon::slipway(std::vector<std::string> words, std::string input) const {
  words.insert(words.begin(), SLIPWAY_PATH);
  return run_program(std::move(words), {{"SLIPWAY_URL", url()}, {"SLIPWAY_TOKEN", token_}}, std::move(input));
}

HttpResponse LiveDaemon::send(const std::string& method, const std::string& path, const Json& body) const {
  HttpRequest request(method, url() + path);
  request.headers.emplace_back("Authorization", "Bearer " + token_);
  if (!body.is_null()) {
    request.headers.emplace_back("Content-Type", "application/json");
    request.body = dump_json(body);
  }
  Result<HttpResponse> response = send_http(request);
  if (!response) throw std::runtime_error(response.error().message);
  return std::move(*response);
}

int LiveDaemon::reap() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int LiveDaemon::stop() {
  ::kill(pid_, SIGTERM);
  return reap();
}

std::string LiveDaemon::output() const {
  const Result<std::string> text = read_file(output_);
  return text ? *text : std::string();
}

}  // namespace slipway::daemon
