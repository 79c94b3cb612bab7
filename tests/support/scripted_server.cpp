#include "tests/support/scripted_server.hpp"

#include <cstdio>
#include <stdexcept>

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace slipway {

ScriptedServer::ScriptedServer(std::vector<Turn> turns) : turns_(std::move(turns)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the scripted server can't listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  for (std::thread& connection : connections_) connection.join();
  ::close(listener_);
}

std::vector<std::string> ScriptedServer::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void ScriptedServer::accept() {
  for (std::size_t turn = 0;; ++turn) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    connections_.emplace_back([this, connection, turn] {
      serve(connection, turn);
      ::close(connection);
    });
  }
}

void ScriptedServer::serve(int connection, std::size_t turn) {
  std::string head;
  char piece[4096];
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t got = ::recv(connection, piece, sizeof piece, 0);
    if (got <= 0) return;
    head.append(piece, static_cast<std::size_t>(got));
  }
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(head);
  }
  if (turn >= turns_.size()) return;
  ::send(connection, turns_[turn].bytes.data(), turns_[turn].bytes.size(), MSG_NOSIGNAL);
  const auto until = std::chrono::steady_clock::now() + turns_[turn].stays;
  while (!stopping_ && std::chrono::steady_clock::now() < until) {
    pollfd waiting{connection, POLLIN, 0};
    if (::poll(&waiting, 1, 20) > 0 && ::recv(connection, piece, sizeof piece, 0) <= 0) return;
  }
}

std::string ScriptedServer::json(std::string_view body, int status) {
  return "HTTP/1.1 " + std::to_string(status) + " -\r\nContent-Type: application/json\r\nConnection: close\r\n" +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string ScriptedServer::chunks(std::string_view content_type, const std::vector<std::string>& pieces, bool ended) {
  std::string answer = "HTTP/1.1 200 -\r\nContent-Type: " + std::string(content_type) +
                       "\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& piece : pieces) {
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", piece.size());
    answer += size + piece + "\r\n";
  }
  return answer + (ended ? "0\r\n\r\n" : "");
}

}  // namespace slipway
