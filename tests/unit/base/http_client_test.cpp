#include "base/http_client.hpp"

#include <algorithm>
#include <chrono>

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <pthread.h>

#include "tests/support/run_async.hpp"
#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace std::chrono_literals;
using asio::ip::tcp;

namespace {

/// Asks a server that takes connections and never answers, and loses patience; how long that took.
Duration impatient_exchange(Pool& pool) {
  asio::io_context io;
  const tcp::acceptor silent(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  HttpRequest request("GET", "http://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/");
  request.timeout = 30s;
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = run_async(with_deadline(200ms, send_http(pool, std::move(request)), "the exchange"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find("the exchange took longer") != std::string::npos);
  return std::chrono::steady_clock::now() - begin;
}

/// While it lives no thread can be made: there is no room for its stack.
class NoThreads {
 public:
  NoThreads() {
    ::pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    ::pthread_getattr_default_np(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 47);  // bytes: all addresses that a process has
    REQUIRE(::pthread_setattr_default_np(&huge) == 0);
    ::pthread_attr_destroy(&huge);
  }
  NoThreads(const NoThreads&) = delete;
  ~NoThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_{};
};

}  // namespace

TEST_CASE("an exchange for which there is no thread is unavailable, and a later one is tried again") {
  Pool pool(2);
  const auto ask = [&pool] {
    HttpRequest request("GET", "http://127.0.0.1:1/");
    return run_async(send_http(pool, std::move(request)));
  };
  {
    const NoThreads none;
    const auto answer = ask();
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unavailable);
    CHECK(answer.error().message.find("no thread can be made") != std::string::npos);
    CHECK_FALSE(pool.start());
  }
  const auto answer = ask();
  REQUIRE_FALSE(answer);
  CHECK(answer.error().message.find("127.0.0.1:1") != std::string::npos);
  CHECK(pool.start());
}

TEST_CASE("an exchange without a limit ends once a server has been quiet for too long, before its answer and within") {
  const ScriptedServer server({{"", 60s}, {ScriptedServer::chunks("text/plain", {}, false), 60s}});
  for (int turn = 0; turn < 2; ++turn) {
    HttpRequest request("GET", server.url() + "/");
    request.timeout = Duration::zero();
    request.quiet_time = 1s;
    const auto began = std::chrono::steady_clock::now();
    const Result<HttpResponse> response = send_http(request);
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == Error::Kind::timeout);
    CHECK(std::chrono::steady_clock::now() - began < 20s);
  }
}

TEST_CASE("a line break in a token or a header is refused and never becomes a header of its own") {
  const ScriptedServer server({ScriptedServer::json("{}")});
  HttpRequest request("GET", server.url() + "/");
  for (const std::string token : {"slw_x\n", "slw_x\r\nX-Evil: 1", "slw\tx", "slw_\x7f"}) {
    request.bearer = Secret(token);
    const Result<HttpResponse> response = send_http(request);
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == Error::Kind::invalid);
    CHECK(response.error().message.find("slw") == std::string::npos);
  }
  request.bearer = {};
  request.headers.emplace_back("X-Good", "1\r\nX-Evil: 1");
  CHECK(send_http(request).error().kind == Error::Kind::invalid);
  CHECK(server.asked().empty());
}

TEST_CASE("who is cancelled does not wait for a server that never answers") {
  Pool pool(1);
  CHECK(impatient_exchange(pool) < 5s);
  CHECK(impatient_exchange(pool) < 5s);  // and the thread is free again
}

TEST_CASE("headers and trailers without end are refused, and trailers are no headers") {
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "X-" + std::to_string(i) + ": a\r\n";
  std::string long_lines;  // each short enough for libcurl
  for (int i = 0; i < 90; ++i) long_lines += "X: " + std::string(3000, 'a') + "\r\n";
  const std::string body = "5\r\nhello\r\n0\r\n";
  const auto answer = [](const std::string& more) {
    return "HTTP/1.1 200 -\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n" + more;
  };
  std::string heads;  // that are not the answer's yet
  for (int i = 0; i < 600; ++i) heads += "HTTP/1.1 103 -\r\nX: a\r\n\r\n";
  const std::string whole = body + "Server: another\r\n\r\n";
  const ScriptedServer server({answer("Server: one\r\n\r\n" + whole), answer(lines + "\r\n" + whole),
                               answer("\r\n" + body + lines), answer("\r\n" + body + long_lines),
                               heads + answer("\r\n" + whole)});
  const HttpRequest request("GET", server.url() + "/");
  const Result<HttpResponse> good = send_http(request);
  REQUIRE(good);
  CHECK(good->body == "hello");
  CHECK(good->header("server") == "one");
  CHECK(std::count_if(good->headers.begin(), good->headers.end(), [](const auto& h) { return h.first == "server"; }) ==
        1);
  for (int turn = 0; turn < 4; ++turn) {
    const Result<HttpResponse> response = send_http(request);
    REQUIRE_FALSE(response);
    CHECK(response.error().kind == Error::Kind::too_large);
    CHECK(response.error().message.find("too many headers") != std::string::npos);
  }
}
