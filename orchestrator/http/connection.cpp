#include "orchestrator/http/connection.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include "base/cancellation.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "orchestrator/http/server.hpp"

namespace slipway::http {

namespace beast = boost::beast;
using boost::system::error_code;

struct Connection::Wire {
  explicit Wire(Socket socket) : stream(std::move(socket)) {}
  beast::basic_stream<asio::generic::stream_protocol, asio::any_io_executor> stream;
  // Beast looks for the end of a chunk's head and of trailers in it without a limit of its own.
  beast::flat_buffer buffer{64 << 10};
};

struct Connection::Incoming {
  beast::http::request_parser<beast::http::buffer_body> parser;
};

class Connection::BodyBudget {
 public:
  BodyBudget(Server& server, std::string client) : server_(server), client_(std::move(client)) {}
  BodyBudget(const BodyBudget&) = delete;
  ~BodyBudget() {
    server_.body_bytes_ -= held_;
    const auto its = server_.body_bytes_of_.find(client_);
    if (its == server_.body_bytes_of_.end()) return;
    its->second -= held_;
    if (its->second == 0) server_.body_bytes_of_.erase(its);
  }
  [[nodiscard]] bool take(std::size_t count) {
    const ServerLimits& limits = server_.settings_.limits;
    std::size_t& its = server_.body_bytes_of_[client_];
    if (server_.body_bytes_ + count > limits.body_bytes || its + count > limits.body_bytes_of_one) return false;
    server_.body_bytes_ += count;
    its += count;
    held_ += count;
    return true;
  }

 private:
  Server& server_;
  std::string client_;
  std::size_t held_ = 0;
};

namespace {

constexpr std::size_t piece_size = 16 << 10;

Duration time_now() {
  return std::chrono::steady_clock::now().time_since_epoch();
}

/// A client's own id is taken over if it is harmless, so that a proxy's log and ours can be matched.
std::string request_id(std::string_view given) {
  const auto harmless = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_' || c == '.'; };
  const bool usable = !given.empty() && given.size() <= 64 && std::all_of(given.begin(), given.end(), harmless);
  return usable ? std::string(given) : random_hex(8);
}

/// What Beast lets pass but could be read in two ways, by us and by a proxy in front of us; or is of no use to us.
std::string_view objection(const beast::http::fields& head, unsigned version) {
  const auto count = [&](beast::http::field name) {
    const auto [first, last] = head.equal_range(name);
    return std::distance(first, last);
  };
  if (count(beast::http::field::host) > 1) return "more than one Host header";
  if (version >= 11 && count(beast::http::field::host) == 0) return "no Host header";
  if (count(beast::http::field::transfer_encoding) > 1) return "more than one Transfer-Encoding header";
  const std::string encoding = lower_case(std::string_view(head[beast::http::field::transfer_encoding]));
  if (!encoding.empty() && encoding != "chunked") return "a Transfer-Encoding other than chunked";
  return {};
}

Request request_of(const beast::http::request<beast::http::buffer_body>& message) {
  Request request;
  request.method = std::string(message.method_string());
  const std::string_view target(message.target());
  const auto mark = target.find('?');
  request.path = target.substr(0, mark);
  if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  for (const auto& field : message)
    request.headers.emplace_back(lower_case(std::string_view(field.name_string())), field.value());
  request.id = request_id(request.header("x-request-id"));
  return request;
}

std::vector<std::string_view> values_of(const Request& request, std::string_view lower_case_name) {
  std::vector<std::string_view> values;
  for (const auto& [name, value] : request.headers) {
    if (name == lower_case_name) values.emplace_back(value);
  }
  return values;
}

}  // namespace

Connection::Connection(Server& server, Socket socket, std::string peer)
    : server_(server), wire_(std::make_unique<Wire>(std::move(socket))), peer_(std::move(peer)) {}

Connection::~Connection() = default;

void Connection::close_if_idle() {
  if (!idle_) return;
  idle_ = false;
  wire_->stream.cancel();
}

awaitable<void> Connection::serve() {
  bool open = true;
  while (open && !server_.stopping_) {
    open = co_await wait_for_request();
    if (open) open = co_await exchange();
  }
}

awaitable<bool> Connection::wait_for_request() {
  if (wire_->buffer.size() > 0) co_return true;
  idle_ = true;
  wire_->stream.expires_after(server_.settings_.limits.idle_time);
  error_code error;
  const auto space = wire_->buffer.prepare(4096);
  const std::size_t count = co_await wire_->stream.async_read_some(space, asio::redirect_error(use_awaitable, error));
  wire_->buffer.commit(count);
  idle_ = false;
  co_return !error;
}

awaitable<Connection::Reading> Connection::read_head(Incoming& incoming) {
  incoming.parser.header_limit(static_cast<std::uint32_t>(server_.settings_.limits.header_bytes));
  incoming.parser.body_limit(boost::none);  // the route's limit is set once the route is known
  wire_->stream.expires_after(server_.settings_.limits.header_time);
  error_code error;
  co_await beast::http::async_read_header(wire_->stream, wire_->buffer, incoming.parser,
                                          asio::redirect_error(use_awaitable, error));
  if (!error) co_return Reading::whole;
  if (error == beast::http::error::header_limit || error == beast::http::error::buffer_overflow) {
    co_return Reading::too_long;
  }
  const bool cut_off = error == beast::http::error::end_of_stream || error == beast::http::error::partial_message;
  const bool malformed = !cut_off && error.category() == beast::http::make_error_code(beast::http::error{}).category();
  co_return malformed ? Reading::malformed : Reading::closed;
}

awaitable<bool> Connection::exchange() {
  Incoming incoming;
  const Reading reading = co_await read_head(incoming);
  if (reading == Reading::closed) co_return false;
  if (reading == Reading::too_long)
    co_return co_await refuse(431, "the request's header is too long", "at most 16 KiB");
  if (reading == Reading::malformed) co_return co_await refuse(400, "this is not an HTTP/1.1 request", "");
  const auto& message = incoming.parser.get();
  const std::string_view wrong = objection(message, message.version());
  if (!wrong.empty()) co_return co_await refuse(400, wrong, "");

  const Duration since = time_now();
  Request request = request_of(message);
  request.peer = server_.proxies_.client_of(peer_, values_of(request, "x-forwarded-for"));
  Exchange exchange;
  exchange.id = request.id;
  exchange.method = request.method;
  exchange.head_only = request.method == "HEAD";
  exchange.keep_alive = message.keep_alive() && !server_.stopping_;

  Gate::Admission admission = co_await server_.gate_.admit(request);
  if (admission.response) {
    // What is left of a body that nobody wanted can't be told from the next request without reading it.
    exchange.keep_alive = exchange.keep_alive && incoming.parser.is_done();
    co_return co_await finish(std::move(exchange), std::move(*admission.response), since);
  }
  const Route& route = *admission.route;
  exchange.route = route.pattern;
  exchange.token = request.caller.token;
  BodyBudget budget(server_, request.peer);
  const Result<void> whole = co_await read_body(incoming, route.body_limit, request.body, budget);
  if (!whole) {
    exchange.keep_alive = false;
    Response response = error_response(whole.error(), exchange.id);
    co_return co_await finish(std::move(exchange), std::move(response), since);
  }
  Response response = co_await call(route, std::move(request), exchange.id);
  co_return co_await finish(std::move(exchange), std::move(response), since);
}

awaitable<bool> Connection::refuse(int status, std::string_view message, std::string_view hint) {
  Exchange exchange;
  exchange.id = random_hex(8);
  Response response = error_response(status, "invalid", message, hint, exchange.id);
  co_return co_await finish(std::move(exchange), std::move(response), time_now());
}

awaitable<Result<void>> Connection::read_body(Incoming& incoming, std::size_t limit, std::string& body,
                                              BodyBudget& budget) {
  auto& parser = incoming.parser;
  const std::string over = "the body is over the limit of " + std::to_string(limit) + " bytes";
  if (parser.content_length().value_or(0) > limit) co_return fail(Error::Kind::too_large, over);
  if (parser.is_done()) co_return Result<void>();
  wire_->stream.expires_after(server_.settings_.limits.body_time);
  error_code error;
  if (lower_case(std::string_view(parser.get()[beast::http::field::expect])) == "100-continue") {
    const std::string go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    const auto bytes = asio::buffer(go_on);
    co_await asio::async_write(wire_->stream, bytes, asio::redirect_error(use_awaitable, error));
  }
  parser.body_limit(limit);
  std::string piece(piece_size, '\0');
  while (!error && !parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    co_await beast::http::async_read(wire_->stream, wire_->buffer, parser, asio::redirect_error(use_awaitable, error));
    if (error == beast::http::error::need_buffer) error = {};
    const std::size_t count = piece.size() - parser.get().body().size;
    if (!budget.take(count)) {
      co_return fail(Error::Kind::unavailable, "too many large requests at the same time",
                     "try again in a few seconds");
    }
    body.append(piece, 0, count);
  }
  if (error == beast::http::error::body_limit) co_return fail(Error::Kind::too_large, over);
  if (error) co_return fail(Error::Kind::invalid, "the body is broken off or malformed");
  co_return Result<void>();
}

namespace {

/// A handler that throws has a bug. Caught here, since `with_deadline` would wait for its deadline first.
awaitable<Result<Response>> guarded(awaitable<Result<Response>> work, std::string id, std::string what) {
  std::string escaped;
  try {
    co_return co_await std::move(work);
  } catch (const std::exception& e) {
    if (is_cancellation(std::current_exception())) throw;
    escaped = e.what();
  }
  log::error("a handler ended by exception", {{"request", id}, {"route", what}, {"what", escaped}});
  co_return fail(Error::Kind::internal, "something went wrong inside slipway",
                 "the daemon's log says more; look for the request id");
}

}  // namespace

awaitable<Response> Connection::call(const Route& route, Request request, std::string id) {
  const std::string what = route.method + " " + route.pattern;
  auto work = guarded(route.handler(std::move(request)), id, what);
  Result<Response> response = co_await with_deadline(server_.settings_.limits.handler_time, std::move(work), what);
  if (response) co_return std::move(*response);
  if (status_of(response.error().kind) >= 500) {
    log::warn("request failed", {{"request", id}, {"route", what}, {"why", response.error()}});
  }
  co_return error_response(response.error(), id);
}

awaitable<bool> Connection::finish(Exchange exchange, Response response, Duration since) {
  server_.traffic_.answered(exchange.method, exchange.route, response.status, time_now() - since);
  const bool streams = response.stream && !exchange.head_only;
  if (streams && server_.streams_ >= server_.settings_.limits.streams) {
    response = error_response(503, "unavailable", "too many event streams are open", "close some", exchange.id);
  }
  const bool keep_alive = exchange.keep_alive && !response.stream && !server_.stopping_;
  std::string head = response_head(response, exchange.id, keep_alive);
  if (exchange.head_only) response.body.clear();
  const bool written = co_await write_text(std::move(head), std::move(response.body));
  if (!written) co_return false;
  if (response.stream && streams) {
    const bool events = response.content_type == "text/event-stream";
    co_await write_stream(std::move(response.stream), events, exchange.token);
    co_return false;
  }
  if (!keep_alive) co_await linger();
  co_return keep_alive;
}

awaitable<bool> Connection::write_text(std::string head, std::string body) {
  wire_->stream.expires_after(server_.settings_.limits.write_time);
  const std::array<asio::const_buffer, 2> buffers{asio::buffer(head), asio::buffer(body)};
  error_code error;
  co_await asio::async_write(wire_->stream, buffers, asio::redirect_error(use_awaitable, error));
  if (error == beast::error::timeout) server_.traffic_.dropped_slow_reader();
  co_return !error;
}

awaitable<void> Connection::write_stream(std::unique_ptr<Stream> stream, bool events, TokenId token) {
  ++server_.streams_;
  const std::shared_ptr<void> counted(nullptr, [&](void*) { --server_.streams_; });
  auto race = first_of(pump(*stream), until_gone(), server_.until_stopping(), until_refused(token));
  const auto ended = co_await std::move(race);
  const bool* complete = std::get_if<0>(&ended);
  const bool stopping = std::get_if<2>(&ended) != nullptr;
  // What broke off gets no proper end, so that the client can tell it from what is complete: a backup, a log. Events
  // have one when the daemon stops, too: who follows them comes back behind the last one.
  if (!(complete && *complete) && !(stopping && events)) co_return;
  co_await write_text("0\r\n\r\n", "");
  co_await linger();
}

/// False if the stream or the connection broke off.
awaitable<bool> Connection::pump(Stream& stream) {
  while (true) {
    Result<std::string> piece = co_await stream.next();
    if (!piece) {
      log::warn("a stream broke off", {{"peer", peer_}, {"why", piece.error()}});
      co_return false;
    }
    if (piece->empty()) co_return true;
    char size[20];
    std::snprintf(size, sizeof size, "%zx\r\n", piece->size());
    piece->append("\r\n");
    const bool written = co_await write_text(size, std::move(*piece));
    if (!written) co_return false;
    wire_->stream.expires_never();
  }
}

awaitable<void> Connection::until_gone() {
  error_code error;
  auto& socket = wire_->stream.socket();
  co_await socket.async_wait(asio::socket_base::wait_read, asio::redirect_error(use_awaitable, error));
  char byte = 0;
  const auto space = asio::buffer(&byte, 1);
  if (!error) socket.receive(space, asio::socket_base::message_peek, error);
  // A client that goes on talking while it listens is there, at least.
  while (!error) co_await sleep_for(std::chrono::hours(1));
}

/// Returns once the gate would not admit the client any more; it tells the client so when it comes back.
awaitable<void> Connection::until_refused(TokenId token) {
  for (bool refused = false; !refused;) {
    co_await sleep_for(server_.settings_.limits.token_time);
    refused = co_await server_.gate_.would_refuse(token);
  }
  log::info("a stream's token is not in force any more", {{"peer", peer_}, {"token", token}});
}

/// Closing with unread bytes makes the kernel reset the connection, and the client may never see the answer: so take
/// some of what still comes, for a moment.
awaitable<void> Connection::linger() {
  error_code error;
  wire_->stream.socket().shutdown(asio::socket_base::shutdown_send, error);
  wire_->stream.expires_after(std::chrono::seconds(1));
  std::string piece(piece_size, '\0');
  const auto space = asio::buffer(piece);
  for (int count = 0; !error && count < 32; ++count) {
    co_await wire_->stream.async_read_some(space, asio::redirect_error(use_awaitable, error));
  }
}

}  // namespace slipway::http
