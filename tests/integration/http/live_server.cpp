#include "tests/integration/http/live_server.hpp"

#include <catch2/catch.hpp>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ids.hpp"

namespace slipway::http {

namespace fs = std::filesystem;

ServerSettings LiveServer::quick() {
  ServerSettings settings;
  settings.port = 0;
  settings.limits.header_time = std::chrono::milliseconds(400);
  settings.limits.body_time = std::chrono::milliseconds(600);
  settings.limits.idle_time = std::chrono::milliseconds(800);
  settings.limits.write_time = std::chrono::milliseconds(700);
  settings.limits.token_time = std::chrono::milliseconds(100);
  return settings;
}

std::unique_ptr<store::Store> LiveServer::open_store(const fs::path& folder) {
  auto opened = store::Store::open(folder / "data");
  REQUIRE(opened);
  return std::move(*opened);
}

LiveServer::LiveServer(ServerSettings settings)
    : work_(io_.get_executor()),
      folder(fs::temp_directory_path() / ("slipway-http-" + random_hex(6))),
      pool(2),
      store(open_store(folder)),
      desk(*store, clock),
      logs(folder / "logs", io_.get_executor(), pool),
      receiver(*store, pool, clock, [](const store::Project&) { return Result<Secret>(Secret("hook-secret")); }),
      backend(*store, actions, counted_logs, receiver),
      gate(router, desk, clock),
      server(io_.get_executor(), gate, std::move(settings)) {
  backend.public_url = "https://ci.example";
  backend.version = "test";
  backend.server = &server;
  backend.build_log = [](std::string_view image) { return "image." + std::string(image) + ".a1"; };
  backend.work_log = [](std::string_view job, int attempt) {
    return std::string(job) + ".a" + std::to_string(attempt);
  };
  backend.plan_log = [] { return std::string("plan"); };
  backend.planned_steps = [](const std::string&) {
    return std::map<std::string, std::vector<std::string>>{{"unit", {"test", "db"}}};
  };
  add_routes(router, backend);
  REQUIRE(server.start());
  thread_ = std::thread([this] { io_.run(); });
  for (const char* role : {"viewer", "maintainer", "admin"}) make_token(role);
}

namespace {
awaitable<bool> shut_down(Server& server, logs::LogStore& logs) {
  co_await server.stop(std::chrono::milliseconds(200));
  co_await logs.close();
  co_return true;
}
}  // namespace

LiveServer::~LiveServer() {
  (void)on_io(shut_down(server, logs));
  work_.reset();
  thread_.join();
  store.reset();
  fs::remove_all(folder);
}

void LiveServer::make_token(const std::string& role) {
  auto made = on_io(desk.create(role, *store::from_name<store::Role>(role)));
  REQUIRE(made);
  tokens_[role] = made->token;
}

namespace {

awaitable<std::string> metrics_of(Server& server) {
  co_return server.metrics();
}

}  // namespace

bool LiveServer::comes_to_show(const std::string& line) {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text = "\n" + on_io(metrics_of(server));
    if (text.find("\n" + line + "\n") != std::string::npos) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  UNSCOPED_INFO("the figures are" << text);
  return false;
}

bool LiveServer::comes_to_have(std::size_t connections) {
  return comes_to_show("slipway_http_connections " + std::to_string(connections));
}

std::string LiveServer::url(const std::string& path) const {
  return "http://127.0.0.1:" + std::to_string(port()) + path;
}

HttpResponse LiveServer::send(const std::string& method, const std::string& path, const std::string& role,
                              const std::string& body, HttpHeaders headers) {
  HttpRequest request(method, url(path));
  request.headers = std::move(headers);
  if (!role.empty()) request.bearer = tokens_.at(role);
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.body = body;
  request.timeout = std::chrono::seconds(20);
  Result<HttpResponse> response = send_http(request);
  INFO((response ? std::string() : response.error().message));
  REQUIRE(response);
  return std::move(*response);
}

RawClient::RawClient(std::uint16_t port, int host) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl((127U << 24) + static_cast<unsigned>(host));
  REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

RawClient::~RawClient() {
  ::close(fd_);
}

bool RawClient::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

void RawClient::finish_sending() {
  ::shutdown(fd_, SHUT_WR);
}

bool RawClient::read_some(std::chrono::steady_clock::time_point until) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  pollfd waiting{fd_, POLLIN, 0};
  if (closed_ || left <= 0 || ::poll(&waiting, 1, static_cast<int>(left)) <= 0) return false;
  char piece[65536];
  const auto count = ::recv(fd_, piece, sizeof piece, 0);
  closed_ = count <= 0;
  if (count > 0) received_.append(piece, static_cast<std::size_t>(count));
  return !closed_;
}

std::string RawClient::read_all(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (read_some(until)) {
  }
  return std::exchange(received_, {});
}

std::string RawClient::read_until(std::string_view text, std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (received_.find(text) == std::string::npos && read_some(until)) {
  }
  const auto found = received_.find(text);
  const std::size_t size = found == std::string::npos ? received_.size() : found + text.size();
  std::string out = received_.substr(0, size);
  received_.erase(0, size);
  return out;
}

bool RawClient::closed_within(std::chrono::milliseconds limit) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (read_some(until)) {
  }
  return closed_;
}

}  // namespace slipway::http
