#include "orchestrator/http/server.hpp"

#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/integration/http/live_server.hpp"

using namespace slipway;
using namespace slipway::http;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

const std::string get_health = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";

std::string get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string kind_of(const HttpResponse& response) {
  const auto body = parse_json(response.body);
  REQUIRE(body);
  return text_at((*body)["error"], "kind");
}

bool serves(LiveServer& live) {
  return live.send("GET", "/healthz", "").status == 200;
}

}  // namespace

TEST_CASE("every answer carries a request id and the security headers") {
  LiveServer live;
  for (const char* path : {"/healthz", "/nothing", "/api/v1/runs"}) {
    CAPTURE(path);
    const HttpResponse response = live.send("GET", path, "");
    CHECK(response.header("x-request-id").size() == 16);
    CHECK(response.header("x-content-type-options") == "nosniff");
    CHECK(response.header("cache-control") == "no-store");
    CHECK(response.header("content-security-policy") == "default-src 'none'; frame-ancestors 'none'");
    CHECK_FALSE(response.header("date").empty());
    CHECK(response.header("set-cookie").empty());
  }
}

TEST_CASE("a harmless request id of the client's is kept, another is replaced") {
  LiveServer live;
  CHECK(live.send("GET", "/healthz", "", "", {{"X-Request-Id", "proxy-1.a_B"}}).header("x-request-id") ==
        "proxy-1.a_B");
  for (const std::string& bad :
       {std::string("a b"), std::string(65, 'x'), std::string("a\"b"), std::string("\xc3\xa4")}) {
    CHECK(live.send("GET", "/healthz", "", "", {{"X-Request-Id", bad}}).header("x-request-id").size() == 16);
  }
}

TEST_CASE("one connection serves request after request, also sent ahead") {
  LiveServer live;
  RawClient client(live.port());
  REQUIRE(client.send(get_health + get("/api/v1/version") + get_health));
  CHECK_THAT(client.read_until("\"status\":\"ok\"}"), StartsWith("HTTP/1.1 200 OK"));
  CHECK_THAT(client.read_until("\"version\":\"test\"}"), Contains("HTTP/1.1 200 OK"));
  CHECK_THAT(client.read_until("{\"status\":\"ok\"}"), Contains("HTTP/1.1 200 OK"));
}

TEST_CASE("HTTP/1.0 and 'Connection: close' get their answer and the end") {
  LiveServer live;
  for (const std::string& request :
       {std::string("GET /healthz HTTP/1.0\r\n\r\n"), get("/healthz", "Connection: close\r\n")}) {
    RawClient client(live.port());
    REQUIRE(client.send(request));
    const std::string answer = client.read_all(3s);
    CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
    CHECK_THAT(answer, Contains("Connection: close\r\n"));
    CHECK(client.closed_within(10ms));
  }
}

TEST_CASE("HEAD is GET without the body") {
  LiveServer live;
  RawClient client(live.port());
  REQUIRE(client.send("HEAD /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
  const std::string answer = client.read_all(3s);
  CHECK_THAT(answer, StartsWith("HTTP/1.1 200 OK"));
  CHECK_THAT(answer, Contains("Content-Length: 29\r\n"));
  CHECK_THAT(answer, Catch::Matchers::EndsWith("\r\n\r\n"));
}

TEST_CASE("OPTIONS and wrong methods are answered with what is allowed") {
  LiveServer live;
  const HttpResponse options = live.send("OPTIONS", "/api/v1/projects/shop", "");
  CHECK(options.status == 204);
  CHECK(options.header("allow") == "GET, HEAD, PATCH, DELETE, OPTIONS");
  const HttpResponse wrong = live.send("POST", "/healthz", "");
  CHECK(wrong.status == 405);
  CHECK(wrong.header("allow") == "GET, HEAD, OPTIONS");
  CHECK(kind_of(wrong) == "method_not_allowed");
  CHECK(live.send("TRACE", "/healthz", "").status == 405);
}

TEST_CASE("what is no HTTP is told so and shut out, and the daemon goes on") {
  LiveServer live;
  const std::string requests[] = {
      "\r\n\r\n\r\n\r\nx\r\n\r\n",
      "GET\r\n\r\n",
      "GET /healthz\r\n\r\n",
      "GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n",
      "GET /healthz HTTP/1.1\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nbad header\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n",
      "GET /healthz HTTP/1.1\r\nHost: a\r\nX : space\r\n\r\n",
      std::string("GET /healthz HTTP/1.1\r\nHost: a\r\nX: a") + '\0' + "b\r\n\r\n",
      "GET /heal\x01thz HTTP/1.1\r\nHost: a\r\n\r\n",
      "G\x80T /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1x\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
      "POST /hooks/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0b"
      "chunked\r\n\r\n0\r\n\r\n",
      std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11) + std::string(300, 'T'),
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  };
  for (const std::string& request : requests) {
    CAPTURE(request);
    RawClient client(live.port());
    client.send(request);
    client.finish_sending();
    const std::string answer = client.read_all(3s);
    CHECK_THAT(answer, Catch::StartsWith("HTTP/1.1 400 "));
    CHECK(client.closed_within(2s));
  }
  CHECK(serves(live));
}

TEST_CASE("a request that is broken off in its head gets no answer") {
  LiveServer live;
  for (const char* begun : {"GET", "GET /healthz HTTP/1.1\r\nHost: a\r\n"}) {
    CAPTURE(begun);
    RawClient client(live.port());
    client.send(begun);
    client.finish_sending();
    CHECK(client.read_all(3s).empty());
    CHECK(client.closed_within(2s));
  }
  CHECK(serves(live));
}

TEST_CASE("a header over 16 KiB is refused") {
  LiveServer live;
  RawClient client(live.port());
  client.send("GET /healthz HTTP/1.1\r\nHost: a\r\nX: " + std::string(20000, 'x') + "\r\n\r\n");
  CHECK_THAT(client.read_all(3s), StartsWith("HTTP/1.1 431 "));
  RawClient many(live.port());
  std::string headers;
  for (int i = 0; i < 3000; ++i) headers += "X-" + std::to_string(i) + ": 1\r\n";
  many.send(get("/healthz", headers));
  CHECK_THAT(many.read_all(3s), StartsWith("HTTP/1.1 431 "));
}

TEST_CASE("a body over the route's limit is refused before it is sent") {
  LiveServer live;
  RawClient client(live.port());
  client.send("POST /hooks/shop HTTP/1.1\r\nHost: a\r\nContent-Length: 5242881\r\n\r\n");
  const std::string answer = client.read_until("\r\n\r\n", 3s);
  CHECK_THAT(answer, StartsWith("HTTP/1.1 413 "));
  CHECK_THAT(answer, Contains("Connection: close"));
}

TEST_CASE("a body that grows over the limit in chunks is cut off") {
  LiveServer live;
  RawClient client(live.port());
  client.send("POST /hooks/shop HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "40000\r\n" + std::string(0x40000, 'x') + "\r\n";
  int sent = 0;
  while (sent < 100 && client.send(chunk)) ++sent;
  CHECK(sent < 100);
  CHECK_THAT(client.read_all(3s), StartsWith("HTTP/1.1 413 "));
  CHECK(serves(live));
}

TEST_CASE("the head of a chunk and trailers without an end are cut off") {
  const auto opening = GENERATE(as<std::string>(), "1;", "0\r\nX: ");
  CAPTURE(opening);
  LiveServer live;
  RawClient client(live.port());
  client.send("POST /hooks/shop HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + opening);
  const std::string piece(1 << 18, 'x');
  int sent = 0;
  while (sent < 100 && client.send(piece)) ++sent;
  CHECK(sent < 100);
  CHECK(serves(live));
}

TEST_CASE("a body is not read for who may not send it") {
  LiveServer live;
  RawClient client(live.port());
  client.send("POST /api/v1/projects HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  CHECK_THAT(client.read_until("\r\n\r\n", 3s), StartsWith("HTTP/1.1 401 "));
}

TEST_CASE("'Expect: 100-continue' is answered once the head is accepted, and not before") {
  LiveServer live;
  const std::string head = "POST /hooks/shop HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nConnection: close\r\n";
  RawClient good(live.port());
  good.send(head + "Content-Length: 2\r\n\r\n");
  CHECK_THAT(good.read_until("\r\n\r\n", 3s), StartsWith("HTTP/1.1 100 Continue"));
  good.send("{}");
  CHECK_THAT(good.read_all(3s), StartsWith("HTTP/1.1 404 "));
  RawClient large(live.port());
  large.send(head + "Content-Length: 9999999\r\n\r\n");
  CHECK_THAT(large.read_all(3s), StartsWith("HTTP/1.1 413 "));
}

TEST_CASE("who sends a header or a body too slowly is shut out") {
  LiveServer live;
  RawClient header(live.port());
  RawClient body(live.port());
  RawClient silent(live.port());
  header.send("GET /healthz HTTP/1.1\r\nHo");
  body.send("POST /hooks/shop HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123");
  for (int i = 0; i < 6; ++i) {
    std::this_thread::sleep_for(100ms);
    header.send("s");
  }
  CHECK(header.closed_within(500ms));
  CHECK(body.closed_within(1s));
  CHECK(silent.closed_within(2s));
  CHECK(serves(live));
}

TEST_CASE("with all connections in use idle ones give way, and busy ones do not") {
  ServerSettings settings = LiveServer::quick();
  settings.limits.connections = 8;
  settings.limits.idle_time = 60s;
  settings.limits.header_time = 60s;
  LiveServer live(settings);
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 40; ++i) idle.push_back(std::make_unique<RawClient>(live.port()));
  CHECK(serves(live));
  idle.clear();
  REQUIRE(live.comes_to_have(0));
  std::vector<std::unique_ptr<RawClient>> busy;
  for (int i = 0; i < 8; ++i) {
    busy.push_back(std::make_unique<RawClient>(live.port()));
    busy.back()->send("GET /healthz HTTP/1.1\r\nHo");
  }
  REQUIRE(live.comes_to_have(8));
  RawClient turned_away(live.port());
  CHECK_THAT(turned_away.read_all(3s), StartsWith("HTTP/1.1 503 "));
  busy.clear();
  REQUIRE(live.comes_to_have(0));
  CHECK(serves(live));
}

TEST_CASE("large bodies share a budget, and small requests are served meanwhile") {
  ServerSettings settings = LiveServer::quick();
  settings.limits.body_bytes = 600000;
  settings.limits.body_time = 60s;
  LiveServer live(settings);
  const std::string head = "POST /hooks/shop HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ";
  RawClient unfinished(live.port());
  REQUIRE(unfinished.send(head + "410000\r\n\r\n" + std::string(400000, 'x')));
  // A body is read, and counted, in pieces of 16 KiB, the last of these when there is more.
  REQUIRE(live.comes_to_show("slipway_http_body_bytes " + std::to_string(400000 / 16384 * 16384)));
  RawClient second(live.port());
  second.send(head + "300000\r\n\r\n" + std::string(300000, 'x'));
  CHECK_THAT(second.read_until("\r\n\r\n", 5s), StartsWith("HTTP/1.1 503 "));
  CHECK(serves(live));
}

TEST_CASE("one client alone can have neither all connections nor all room for bodies") {
  ServerSettings settings = LiveServer::quick();
  settings.limits.connections_of_one = 4;
  settings.limits.body_bytes_of_one = 600000;
  settings.limits.header_time = settings.limits.body_time = settings.limits.idle_time = 60s;
  LiveServer live(settings);
  const std::string head = "POST /hooks/shop HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ";
  const std::string large = head + "410000\r\n\r\n" + std::string(410000, 'x');
  RawClient unfinished(live.port(), 2);
  REQUIRE(unfinished.send(std::string_view(large).substr(0, large.size() - 10000)));
  REQUIRE(live.comes_to_show("slipway_http_body_bytes " + std::to_string(400000 / 16384 * 16384)));
  RawClient second(live.port(), 2);
  second.send(large);
  CHECK_THAT(second.read_until("\r\n\r\n", 5s), StartsWith("HTTP/1.1 503 "));
  RawClient other(live.port(), 3);
  other.send(large);
  CHECK_THAT(other.read_until("\r\n\r\n", 5s), !StartsWith("HTTP/1.1 503 "));

  std::vector<std::unique_ptr<RawClient>> busy;
  for (int i = 0; i < 4; ++i) {
    busy.push_back(std::make_unique<RawClient>(live.port(), 4));
    busy.back()->send("GET /healthz HTTP/1.1\r\nHo");
  }
  RawClient turned_away(live.port(), 4);
  CHECK_THAT(turned_away.read_all(3s), StartsWith("HTTP/1.1 503 "));
  CHECK(serves(live));
}

TEST_CASE("a handler's bug is a 500 that tells the client nothing, and the daemon goes on") {
  LiveServer live;
  const HttpResponse response = live.send("GET", "/api/v1/apps/broken");
  CHECK(response.status == 500);
  CHECK(kind_of(response) == "internal");
  CHECK(response.body.find("a bug") == std::string::npos);
  CHECK(serves(live));
}

TEST_CASE("a handler that takes too long is a 504") {
  ServerSettings settings = LiveServer::quick();
  settings.limits.handler_time = 100ms;
  LiveServer live(settings);
  live.actions.delay = 10s;
  const HttpResponse response = live.send("GET", "/api/v1/apps/shop");
  CHECK(response.status == 504);
  CHECK(kind_of(response) == "timeout");
}

TEST_CASE("the address that a trusted proxy names is the one that has to wait, and nobody else's word counts") {
  ServerSettings settings = LiveServer::quick();
  settings.trusted_proxies = {"127.0.0.1"};
  LiveServer trusting(settings);
  LiveServer wary;
  const auto guess = [](LiveServer& live, const std::string& from) {
    HttpRequest request("GET", live.url("/api/v1/whoami"));
    request.bearer = Secret("slw_wrong");
    request.headers.emplace_back("X-Forwarded-For", "198.51.100.1");  // the client's own word
    request.headers.emplace_back("X-Forwarded-For", "198.51.100.2, " + from);
    const auto response = send_http(request);
    REQUIRE(response);
    return response->status;
  };
  for (int i = 0; i < Throttle::free_failures; ++i) {
    CHECK(guess(trusting, "192.0.2.1") == 401);
    CHECK(guess(wary, "192.0.2." + std::to_string(i)) == 401);
  }
  CHECK(guess(trusting, "192.0.2.1") == 429);
  CHECK(guess(trusting, "192.0.2.2") == 401);
  CHECK(guess(trusting, "not an address") == 401);
  CHECK(guess(wary, "192.0.2.99") == 429);
}

TEST_CASE("a proxy that comes by IPv4 to a listener for IPv6 is known, and one client of it locks out no other") {
  ServerSettings settings = LiveServer::quick();
  settings.address = "::";
  settings.trusted_proxies = {"127.0.0.0/8", "10.0.0.0/8"};
  if (!std::filesystem::exists("/proc/net/if_inet6")) {
    WARN("not tried: this machine has no IPv6");
    return;
  }
  LiveServer live(settings);
  const auto guess = [&](const std::string& forwarded) {
    HttpRequest request("GET", live.url("/api/v1/whoami"));
    request.bearer = Secret("slw_wrong");
    if (!forwarded.empty()) request.headers.emplace_back("X-Forwarded-For", forwarded);
    const auto response = send_http(request);
    REQUIRE(response);
    return response->status;
  };
  // Its own word changes every time; behind it are two proxies of ours.
  for (int i = 0; i < Throttle::free_failures; ++i) {
    CHECK(guess("198.51.100." + std::to_string(i) + ", 192.0.2.1, 10.0.0.1") == 401);
  }
  CHECK(guess("198.51.100.99, 192.0.2.1, 10.0.0.1") == 429);
  CHECK(guess("198.51.100.99, 192.0.2.2, 10.0.0.1") == 401);
  CHECK(guess("") == 401);
}

TEST_CASE("it also listens on a Unix socket, and replaces one that was left behind") {
  const auto path = std::filesystem::temp_directory_path() / ("slipway-" + random_hex(4) + ".sock");
  ServerSettings settings = LiveServer::quick();
  settings.unix_socket = path.string();
  {
    LiveServer live(settings);
    LiveServer second(settings);
    HttpRequest request("GET", "http://slipway/healthz");
    request.unix_socket = path.string();
    const auto response = send_http(request);
    REQUIRE(response);
    CHECK(response->status == 200);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("an address in use, or none, is an error that names it") {
  LiveServer live;
  asio::io_context io;
  ServerSettings settings;
  settings.port = live.port();
  Server second(io.get_executor(), live.gate, settings);
  const Result<void> taken = second.start();
  REQUIRE_FALSE(taken);
  CHECK(taken.error().kind == Error::Kind::conflict);
  CHECK_THAT(taken.error().message, Contains(std::to_string(live.port())));
  settings.address = "localhost";
  Server third(io.get_executor(), live.gate, settings);
  CHECK(third.start().error().kind == Error::Kind::invalid);
}

TEST_CASE("a server that is bound has its address before it accepts") {
  LiveServer live;
  asio::io_context io;
  ServerSettings settings;
  settings.port = 0;
  Server first(io.get_executor(), live.gate, settings);
  REQUIRE(first.bind());
  settings.port = first.port();
  Server second(io.get_executor(), live.gate, settings);
  CHECK(second.bind().error().kind == Error::Kind::conflict);
  CHECK(second.start().error().kind == Error::Kind::conflict);
}

TEST_CASE("random damage to requests never takes the server down") {
  LiveServer live;
  const std::string whole =
      "POST /hooks/shop/generic?token=a%20b HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
      "X-Slipway-Signature: sha256=00\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n2\r\n1}\r\n0\r\n\r\n";
  std::minstd_rand random(7);
  for (int round = 0; round < 400; ++round) {
    std::string damaged = whole;
    for (int hits = 1 + static_cast<int>(random() % 4); hits > 0; --hits) {
      const std::size_t place = random() % damaged.size();
      switch (random() % 4) {
        case 0:
          damaged[place] = static_cast<char>(random() % 256);
          break;
        case 1:
          damaged.erase(place, 1 + random() % 8);
          break;
        case 2:
          damaged.insert(place, damaged.substr(place / 2, random() % 16));
          break;
        default:
          damaged.resize(place + 1);
          break;
      }
    }
    RawClient client(live.port());
    client.send(damaged);
    client.finish_sending();
    const std::string answer = client.read_all(3s);
    CAPTURE(round, damaged);
    CHECK((answer.empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 100")));
  }
  CHECK(serves(live));
}
