#include "tests/unit/images/small_server.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace slipway::images {
namespace {

/// The length of the body that a request's head announces.
std::size_t content_length(const std::string& head) {
  const auto field = head.find("Content-Length: ");
  return field == std::string::npos ? 0 : std::stoul(head.substr(field + 16));
}

std::optional<SmallServer::Asked> read_request(int connection) {
  std::string text;
  SmallServer::Asked asked;
  char piece[4096];
  for (;;) {
    if (const auto end = text.find("\r\n\r\n"); end != std::string::npos) {
      asked.head = text.substr(0, end + 4);
      asked.body = text.substr(end + 4);
      if (asked.body.size() >= content_length(asked.head)) break;
    }
    const ssize_t got = ::recv(connection, piece, sizeof piece, 0);
    if (got <= 0) return {};
    text.append(piece, static_cast<std::size_t>(got));
  }
  asked.line = asked.head.substr(0, asked.head.find('\r'));
  const auto begin = asked.line.find(' ') + 1;
  asked.path = asked.line.substr(begin, asked.line.rfind(' ') - begin);
  return asked;
}

}  // namespace

SmallServer::SmallServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::runtime_error("the small server can't listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

SmallServer::~SmallServer() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

std::vector<std::string> SmallServer::asked() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void SmallServer::serve() {
  for (;;) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    serve_one(connection);
    ::close(connection);
  }
}

void SmallServer::serve_one(int connection) {
  const std::optional<Asked> asked = read_request(connection);
  if (!asked) return;
  {
    const std::lock_guard lock(mutex_);
    asked_.push_back(asked->line);
  }
  const Answer answer = handler_(*asked);
  std::string text = "HTTP/1.1 " + std::to_string(answer.status) + " -\r\nConnection: close\r\n" + answer.headers +
                     "Content-Length: " + std::to_string(answer.body.size()) + "\r\n\r\n";
  if (!asked->line.starts_with("HEAD ")) text += answer.body;
  ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
}

}  // namespace slipway::images
