#include "docker-client/transport.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/kill_point.hpp"
#include "docker-client/connection_pool.hpp"
#include "docker-client/engine_error.hpp"
#include "docker-client/exchange.hpp"

namespace slipway::docker {
namespace {

/// The newest version that this client was written for; what it reads of later Engines is held to recorded answers.
constexpr ApiVersion newest{1, 51};
constexpr std::size_t max_error_bytes = 64 << 10;

bool repeatable(const Request& request) {
  return !request.source && (request.method == "GET" || request.method == "HEAD" || request.method == "DELETE");
}

/// 101, or as old Engines do 200 with bytes until the end. Any other answer has an end of its own.
bool is_upgraded(const Exchange& exchange) {
  if (exchange.status() == 101) return true;
  return exchange.status() == 200 && find_header(exchange.headers(), "content-length").empty() &&
         find_header(exchange.headers(), "transfer-encoding").empty();
}

std::string host_header(const Endpoint& endpoint) {
  // Over a socket the name means nothing, but HTTP/1.1 wants one.
  if (endpoint.kind != Endpoint::Kind::tcp) return "docker";
  const bool v6 = endpoint.host.find(':') != std::string::npos;
  return (v6 ? "[" + endpoint.host + "]" : endpoint.host) + ":" + std::to_string(endpoint.port);
}

/// "POST /containers/*/start", "host GET /info": the kind of call that a kill point is named after.
std::string deed_of(const Endpoint& endpoint, const Request& request) {
  static constexpr std::array<std::string_view, 20> verbs{
      "json", "create", "start", "stop",   "kill",    "wait",       "logs",  "archive", "push",  "tag",
      "exec", "rename", "get",   "attach", "connect", "disconnect", "prune", "resize",  "_ping", "search"};
  const std::string_view path = request.path;
  const std::size_t second = std::min(path.find('/', 1), path.size());
  const std::size_t last = path.rfind('/');
  std::string deed = endpoint.kind == Endpoint::Kind::unix_socket ? "" : "host ";
  deed += request.method + " " + std::string(path.substr(0, second));
  if (second == path.size()) return deed;
  const std::string_view word = path.substr(last + 1);
  const bool verb = std::ranges::find(verbs, word) != verbs.end();
  if (last > second || !verb) deed += "/*";
  if (verb) deed += "/" + std::string(word);
  return deed;
}

awaitable<Result<std::string>> read_all(Exchange& exchange, std::size_t limit) {
  std::string body;
  for (;;) {
    Result<std::string> piece = co_await exchange.read_body(false);
    if (!piece || piece->empty()) {
      if (!piece) co_return fail(std::move(piece.error()));
      co_return body;
    }
    if (body.size() + piece->size() > limit)
      co_return fail(Error::Kind::too_large, "the engine's answer exceeds " + std::to_string(limit) + " bytes");
    if (body.empty())
      body = std::move(*piece);
    else
      body += *piece;
  }
}

}  // namespace

Transport::Transport(Executor executor, Endpoint endpoint, TransportOptions options)
    : pool_(std::make_shared<ConnectionPool>(std::move(executor), std::move(endpoint), options)) {}
Transport::~Transport() = default;

const Endpoint& Transport::endpoint() const {
  return pool_->endpoint();
}
void Transport::close_idle() {
  pool_->close_idle();
}

awaitable<Result<std::unique_ptr<Exchange>>> Transport::attempt(Request& request, bool streaming, bool& again) {
  const bool fresh = std::exchange(again, false);
  const Duration patience = request.patience == Duration::zero() ? pool_->options().response_timeout : request.patience;
  std::string prefix;
  pool_->drop_dead();
  if (request.versioned) {
    Result<ApiVersion> agreed = co_await version();
    if (!agreed) co_return fail(std::move(agreed.error()));
    prefix = "/v" + agreed->text();
  }
  Result<std::string> head = request_head(request, prefix, host_header(endpoint()));
  if (!head) co_return fail(std::move(head.error()));
  Result<ConnectionPool::Lease> lease = co_await pool_->take(streaming, fresh, patience);
  if (!lease) co_return fail(std::move(lease.error()));
  auto exchange = std::make_unique<Exchange>(std::move(*lease), patience);
  const bool repeat = repeatable(request) && !fresh;
  std::string body = repeat ? request.body : std::move(request.body);
  const std::string deed = kill_points_on() ? deed_of(endpoint(), request) : std::string();
  kill_point(Side::before, deed);
  Result<void> done = co_await exchange->send(std::move(*head), std::move(body), std::move(request.source));
  if (done) done = co_await exchange->read_head(request.method == "HEAD");
  kill_point(Side::after, deed);
  if (done) co_return std::move(exchange);
  again = repeat && exchange->found_stale();
  co_return fail(std::move(done.error()).in("engine at " + endpoint().text()));
}

awaitable<Result<std::unique_ptr<Exchange>>> Transport::open(Request request, bool streaming) {
  bool again = false;
  Result<std::unique_ptr<Exchange>> exchange = co_await attempt(request, streaming, again);
  if (again) exchange = co_await attempt(request, streaming, again);
  if (!exchange || (*exchange)->status() < 400) co_return exchange;
  Result<std::string> body = co_await read_all(**exchange, max_error_bytes);
  // Unless the connection broke, even a body that could not be read leaves the status to tell.
  co_return fail(engine_error((*exchange)->status(), body ? *body : std::string()));
}

awaitable<Result<Response>> Transport::request(Request request) {
  Result<std::unique_ptr<Exchange>> exchange = co_await open(std::move(request), false);
  if (!exchange) co_return fail(std::move(exchange.error()));
  Result<std::string> body = co_await read_all(**exchange, pool_->options().body_limit);
  if (!body) co_return fail(std::move(body.error()).in("engine at " + endpoint().text()));
  Response response;
  response.status = (*exchange)->status();
  response.headers = (*exchange)->headers();
  response.body = std::move(*body);
  co_return response;
}

awaitable<Result<ResponseStream>> Transport::stream(Request request) {
  Result<std::unique_ptr<Exchange>> exchange = co_await open(std::move(request), true);
  if (!exchange) co_return fail(std::move(exchange.error()));
  co_return ResponseStream(std::move(*exchange));
}

awaitable<Result<HijackedStream>> Transport::hijack(Request request) {
  const bool asks = std::ranges::any_of(request.headers, [](const auto& header) { return header.first == "Upgrade"; });
  if (!asks) request.header("Connection", "Upgrade").header("Upgrade", "tcp");
  Result<std::unique_ptr<Exchange>> exchange = co_await open(std::move(request), true);
  if (!exchange) co_return fail(std::move(exchange.error()));
  if (!is_upgraded(**exchange)) {
    co_return fail(Error::Kind::protocol,
                   "the engine at " + endpoint().text() + " did not upgrade the connection (" +
                       std::to_string((*exchange)->status()) + ")",
                   "a proxy in front of it must pass Upgrade through");
  }
  co_return HijackedStream(std::move(*exchange));
}

awaitable<Result<ApiVersion>> Transport::version() {
  if (version_ && losses_then_ == pool_->losses()) co_return *version_;
  const unsigned losses = pool_->losses();
  Result<ApiVersion> agreed = co_await negotiate();
  if (!agreed) co_return fail(std::move(agreed.error()).in("negotiate the API version"));
  version_ = *agreed;
  losses_then_ = losses;
  co_return agreed;
}

awaitable<Result<ApiVersion>> Transport::negotiate() {
  Request ping("HEAD", "/_ping");
  ping.versioned = false;
  Result<Response> answer = co_await request(std::move(ping));
  if (!answer && answer.error().transient()) co_return fail(std::move(answer.error()));
  if (!answer || answer->header("api-version").empty()) {
    Request get("GET", "/_ping");
    get.versioned = false;
    answer = co_await request(std::move(get));
    if (!answer) co_return fail(std::move(answer.error()));
  }
  const std::string_view text = answer->header("api-version");
  const auto theirs = parse_api_version(text);
  if (!theirs) co_return fail(Error::Kind::protocol, "'" + std::string(text.substr(0, 40)) + "' is no API version");
  if (*theirs <= newest) co_return *theirs;
  Result<ApiVersion> minimum = co_await minimum_version();
  if (!minimum) co_return fail(std::move(minimum.error()));
  if (*minimum > newest)
    co_return fail(Error::Kind::unavailable,
                   "the engine wants API " + minimum->text() + " at least, this slipway speaks " + newest.text(),
                   "use a newer slipway, or set the engine's minimum API version lower");
  co_return newest;
}

awaitable<Result<ApiVersion>> Transport::minimum_version() {
  Request get("GET", "/version");
  get.versioned = false;
  Result<Response> answer = co_await request(std::move(get));
  if (!answer) co_return fail(std::move(answer.error()));
  Result<Json> body = parse_json(answer->body);
  if (!body) co_return fail(Error::Kind::protocol, "the answer to /version is no JSON");
  co_return parse_api_version(text_at(*body, "MinAPIVersion")).value_or(ApiVersion{1, 0});
}

}  // namespace slipway::docker
