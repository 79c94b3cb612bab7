#pragma once
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>

#include "base/async.hpp"
#include "orchestrator/http/gate.hpp"
#include "orchestrator/http/traffic.hpp"
#include "orchestrator/http/trusted_proxies.hpp"

namespace slipway::http {

struct ServerLimits {
  std::size_t connections = 512;  ///< more: an idle one is closed for the new one, or the new one gets 503
  /// Of them from one address, unless it is a trusted proxy's: so that no client alone can shut all others out.
  std::size_t connections_of_one = 256;
  std::size_t streams = 200;  ///< event streams at the same time; more: 503
  std::size_t header_bytes = 16 << 10;
  std::size_t body_bytes = 64 << 20;                ///< request bodies held at the same time; more: 503
  std::size_t body_bytes_of_one = 32 << 20;         ///< of them from one client; more: 503
  Duration header_time = std::chrono::seconds(10);  ///< from a request's first byte to the end of its header
  Duration body_time = std::chrono::seconds(30);    ///< for a request's whole body
  Duration handler_time = std::chrono::seconds(60);
  Duration write_time = std::chrono::seconds(20);  ///< for one piece of an answer: who does not read is dropped
  Duration idle_time = std::chrono::seconds(75);   ///< between two requests
  Duration token_time = std::chrono::seconds(15);  ///< after which a stream's token is looked at again
};

struct ServerSettings {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;                 ///< 0: any free one
  std::string unix_socket;                   ///< also listen here (mode 0660); empty: don't
  std::vector<std::string> trusted_proxies;  ///< as TrustedProxies::parse takes them
  ServerLimits limits;
};

class Connection;

/// HTTP/1.1 over TCP and a Unix socket. TLS is the business of a reverse proxy in front. Borrows the gate.
/// Lives on one io thread. Destroying it before `stop` has returned is a bug.
class Server {
 public:
  Server(Executor executor, Gate& gate, ServerSettings settings);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Takes the addresses; who connects waits for `start`. An address in use is Kind::conflict, settings that make no
  /// sense are Kind::invalid.
  Result<void> bind();
  /// Begins to accept. Binds before that unless it is done already, with the same errors.
  Result<void> start();
  /// Accepts no more, closes what is idle, ends streams, lets requests under way finish for `grace`, then cuts them
  /// off.
  awaitable<void> stop(Duration grace);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }
  /// Its own figures, in Prometheus' text format.
  [[nodiscard]] std::string metrics() const { return traffic_.text({connections_.size(), streams_, body_bytes_}); }

 private:
  friend class Connection;
  struct Acceptors;

  Result<void> listen_tcp();
  Result<void> listen_unix();
  awaitable<void> accept_tcp();
  awaitable<void> accept_unix();
  void welcome(asio::generic::stream_protocol::socket socket, std::string peer);
  bool make_room(const std::string& newcomer);
  awaitable<void> serve(std::unique_ptr<Connection> connection);
  awaitable<void> until_stopping();

  Executor executor_;
  Gate& gate_;
  ServerSettings settings_;
  TrustedProxies proxies_;
  std::unique_ptr<Acceptors> acceptors_;
  std::list<Connection*> connections_;  // oldest first
  std::size_t streams_ = 0;
  std::size_t body_bytes_ = 0;
  std::map<std::string, std::size_t> body_bytes_of_;  // by client
  std::uint16_t port_ = 0;
  bool bound_ = false;
  bool stopping_ = false;
  asio::steady_timer stop_signal_;  // never expires; cancelled when stopping
  Traffic traffic_;
  Tasks tasks_;
};

}  // namespace slipway::http
