#include "orchestrator/http/server.hpp"

#include <algorithm>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/redirect_error.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.hpp"
#include "orchestrator/http/connection.hpp"

namespace slipway::http {

using asio::ip::tcp;
using local = asio::local::stream_protocol;
using boost::system::error_code;

struct Server::Acceptors {
  explicit Acceptors(const Executor& executor) : tcp_acceptor(executor), unix_acceptor(executor) {}
  tcp::acceptor tcp_acceptor;
  local::acceptor unix_acceptor;
};

namespace {

constexpr int backlog = 1024;

Result<void> check(error_code error, const std::string& what) {
  if (!error) return {};
  const auto kind = error == asio::error::address_in_use ? Error::Kind::conflict : Error::Kind::invalid;
  return fail(kind, what + ": " + error.message());
}

/// Out of file descriptors or memory: the client in the queue stays there, so don't spin.
awaitable<void> pause_after(error_code error) {
  log::warn("can't accept a connection", {{"why", error.message()}});
  co_await sleep_for(std::chrono::milliseconds(100));
}

}  // namespace

Server::Server(Executor executor, Gate& gate, ServerSettings settings)
    : executor_(executor),
      gate_(gate),
      settings_(std::move(settings)),
      acceptors_(std::make_unique<Acceptors>(executor)),
      stop_signal_(executor, asio::steady_timer::time_point::max()),
      tasks_(executor) {}

Server::~Server() = default;

Result<void> Server::bind() {
  Result<TrustedProxies> proxies = TrustedProxies::parse(settings_.trusted_proxies);
  if (!proxies) return fail(proxies.error().in("trusted proxies"));
  proxies_ = std::move(*proxies);
  if (Result<void> listening = listen_tcp(); !listening) return listening;
  if (!settings_.unix_socket.empty()) {
    if (Result<void> listening = listen_unix(); !listening) return listening;
  }
  bound_ = true;
  return {};
}

Result<void> Server::start() {
  if (!bound_) {
    if (Result<void> bound = bind(); !bound) return bound;
  }
  tasks_.spawn("accept tcp", accept_tcp());
  if (!settings_.unix_socket.empty()) tasks_.spawn("accept unix", accept_unix());
  return {};
}

Result<void> Server::listen_tcp() {
  error_code error;
  const auto address = asio::ip::make_address(settings_.address, error);
  const std::string host = !error && address.is_v6() ? "[" + settings_.address + "]" : settings_.address;
  const std::string where = host + ":" + std::to_string(settings_.port);
  if (error) return fail(Error::Kind::invalid, "listen on " + where + ": not an IP address");
  const tcp::endpoint endpoint(address, settings_.port);
  auto& acceptor = acceptors_->tcp_acceptor;
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  // "::" is all of the machine's addresses, whatever its net.ipv6.bindv6only says.
  if (!error && address.is_v6() && address.is_unspecified()) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(backlog, error);
  if (error) {
    error_code ignored;
    acceptor.close(ignored);  // so that it can be tried again
    return check(error, "listen on " + where);
  }
  port_ = acceptor.local_endpoint().port();
  return {};
}

Result<void> Server::listen_unix() {
  const std::string& path = settings_.unix_socket;
  if (path.size() > 100) return fail(Error::Kind::invalid, "listen on " + path + ": the path is over 100 bytes long");
  // A socket that a killed daemon left; the data folder's lock says that no other one runs.
  struct stat found{};
  if (::lstat(path.c_str(), &found) == 0 && S_ISSOCK(found.st_mode)) ::unlink(path.c_str());
  error_code error;
  auto& acceptor = acceptors_->unix_acceptor;
  acceptor.open(local(), error);
  if (!error) acceptor.bind(local::endpoint(path), error);
  if (!error && ::chmod(path.c_str(), 0660) != 0) error = error_code(errno, boost::system::system_category());
  if (!error) acceptor.listen(backlog, error);
  return check(error, "listen on " + path);
}

awaitable<void> Server::accept_tcp() {
  while (!stopping_) {
    error_code error;
    tcp::socket socket(executor_);
    co_await acceptors_->tcp_acceptor.async_accept(socket, asio::redirect_error(use_awaitable, error));
    if (stopping_) co_return;
    if (error) {
      co_await pause_after(error);
      continue;
    }
    socket.set_option(tcp::no_delay(true), error);
    const auto peer = socket.remote_endpoint(error);
    if (!error) welcome(std::move(socket), text_of(peer.address()));
  }
}

awaitable<void> Server::accept_unix() {
  while (!stopping_) {
    error_code error;
    local::socket socket(executor_);
    co_await acceptors_->unix_acceptor.async_accept(socket, asio::redirect_error(use_awaitable, error));
    if (stopping_) co_return;
    if (error) {
      co_await pause_after(error);
      continue;
    }
    welcome(std::move(socket), "unix");
  }
}

void Server::welcome(asio::generic::stream_protocol::socket socket, std::string peer) {
  if (!make_room(peer)) {
    traffic_.refused_connection();
    static const std::string answer =
        "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    error_code ignored;
    socket.non_blocking(true, ignored);
    socket.send(asio::buffer(answer), 0, ignored);
    return;
  }
  tasks_.spawn("connection", serve(std::make_unique<Connection>(*this, std::move(socket), std::move(peer))));
}

/// Who has all that one client may have makes room of its own.
bool Server::make_room(const std::string& newcomer) {
  const ServerLimits& limits = settings_.limits;
  const auto from_there = [&](const Connection* c) { return c->peer() == newcomer; };
  const bool shares_alone = newcomer == "unix" || proxies_.contains(newcomer);
  const bool greedy = !shares_alone && connections_.size() >= limits.connections_of_one &&
                      static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), from_there)) >=
                          limits.connections_of_one;
  if (!greedy && connections_.size() < limits.connections) return true;
  const auto idle = std::find_if(connections_.begin(), connections_.end(),
                                 [&](const Connection* c) { return c->idle() && (!greedy || from_there(c)); });
  if (idle == connections_.end()) return false;
  (*idle)->close_if_idle();
  return true;
}

awaitable<void> Server::serve(std::unique_ptr<Connection> connection) {
  const auto place = connections_.insert(connections_.end(), connection.get());
  const std::shared_ptr<void> listed(nullptr, [&](void*) { connections_.erase(place); });
  co_await connection->serve();
}

awaitable<void> Server::until_stopping() {
  error_code ignored;
  if (!stopping_) co_await stop_signal_.async_wait(asio::redirect_error(use_awaitable, ignored));
}

awaitable<void> Server::stop(Duration grace) {
  stopping_ = true;
  error_code ignored;
  acceptors_->tcp_acceptor.close(ignored);
  acceptors_->unix_acceptor.close(ignored);
  if (!settings_.unix_socket.empty()) ::unlink(settings_.unix_socket.c_str());
  stop_signal_.cancel();
  for (Connection* connection : connections_) connection->close_if_idle();
  auto race = first_of(tasks_.join(), sleep_for(grace));
  const auto ended = co_await std::move(race);
  if (ended.index() == 0) co_return;
  log::warn("requests were cut off by the stop", {{"connections", connections_.size()}});
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace slipway::http
