#pragma once
#include <memory>
#include <string>

#include <boost/asio/generic/stream_protocol.hpp>

#include "base/async.hpp"
#include "orchestrator/http/message.hpp"
#include "orchestrator/http/router.hpp"

namespace slipway::http {

class Server;

/// One client's connection: reads requests one after the other, has the gate admit them, and writes the answers.
/// Borrows the server. `serve` returns when the connection is to be closed, which destroying does.
class Connection {
 public:
  using Socket = asio::generic::stream_protocol::socket;

  Connection(Server& server, Socket socket, std::string peer);
  ~Connection();

  awaitable<void> serve();
  /// Ends the wait for another request.
  void close_if_idle();
  [[nodiscard]] bool idle() const { return idle_; }
  /// The address it comes from; "unix" on a Unix socket.
  [[nodiscard]] const std::string& peer() const { return peer_; }

 private:
  struct Wire;      // the socket and what was read ahead, in Beast's terms
  struct Incoming;  // a request on its way in
  enum class Reading { whole, closed, malformed, too_long };
  class BodyBudget;  // this request's part of the bytes that all bodies may take
  /// What is known of a request once its answer is to be written.
  struct Exchange {
    Exchange() = default;
    std::string id;
    std::string method;
    std::string route;
    TokenId token;
    bool head_only = false;
    bool keep_alive = false;
  };

  awaitable<bool> wait_for_request();
  awaitable<bool> exchange();
  awaitable<Reading> read_head(Incoming& incoming);
  awaitable<bool> refuse(int status, std::string_view message, std::string_view hint);
  awaitable<Result<void>> read_body(Incoming& incoming, std::size_t limit, std::string& body, BodyBudget& budget);
  awaitable<Response> call(const Route& route, Request request, std::string id);
  awaitable<bool> finish(Exchange exchange, Response response, Duration since);
  awaitable<bool> write_text(std::string head, std::string body);
  awaitable<void> write_stream(std::unique_ptr<Stream> stream, bool events, TokenId token);
  awaitable<bool> pump(Stream& stream);
  awaitable<void> until_gone();
  awaitable<void> until_refused(TokenId token);
  awaitable<void> linger();

  Server& server_;
  std::unique_ptr<Wire> wire_;
  std::string peer_;
  bool idle_ = false;
};

/// The head of an answer, with the headers that all of them carry.
std::string response_head(const Response& response, std::string_view request_id, bool keep_alive);

}  // namespace slipway::http
