// What a real Engine does only now and then: bytes and endings that need a script.
#include "docker-client/transport.hpp"

#include <catch2/catch.hpp>

#include "tests/support/run_async.hpp"
#include "tests/unit/docker-client/scripted_transport.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

awaitable<void> answer_ok_for_ever(Peer peer, int) {
  for (;;) {
    const std::string request = co_await peer.request();
    if (request.empty()) co_return;
    co_await peer.answer("200 OK", "fine");
  }
}

awaitable<void> answer_once_then_close(Peer peer, int) {
  co_await peer.request();
  co_await peer.answer("200 OK", "fine");
}

/// Each connection serves one request; the second one it reads and drops, as an Engine does that is killed.
awaitable<void> drop_second_request(Peer peer, int) {
  co_await peer.request();
  co_await peer.answer("200 OK", "fine");
  co_await peer.request();
}

}  // namespace

TEST_CASE("one connection serves one request after the other") {
  with_script(answer_ok_for_ever, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    for (int i = 0; i < 5; ++i) {
      const Result<Response> answer = co_await transport.request(unversioned("GET", "/x"));
      REQUIRE(answer);
      CHECK(answer->body == "fine");
    }
    CHECK(engine.connections() == 1);
  });
}

TEST_CASE("a connection that was closed while idle is replaced, for a POST too") {
  with_script(answer_once_then_close, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      const Result<Response> answer = co_await transport.request(unversioned("POST", "/x"));
      REQUIRE(answer);
      co_await sleep_for(1ms);  // lets the other side close
    }
    CHECK(engine.connections() == 3);
  });
}

TEST_CASE("a GET that met a dying connection is sent again, a POST is not") {
  with_script(drop_second_request, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    const Result<Response> first = co_await transport.request(unversioned("GET", "/x"));
    const Result<Response> second = co_await transport.request(unversioned("GET", "/x"));
    REQUIRE(first);
    CHECK(second);
    CHECK(engine.connections() == 2);
    const Result<Response> answer = co_await transport.request(unversioned("POST", "/x"));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::unavailable);
    CHECK(engine.connections() == 2);
  });
}

namespace {
awaitable<void> close_without_answer(Peer peer, int) {
  co_await peer.request();
}
}  // namespace

TEST_CASE("a GET is sent again once at most, and on a new connection never") {
  with_script(close_without_answer, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    const Result<Response> answer = co_await transport.request(unversioned("GET", "/x"));
    CHECK_FALSE(answer);
    CHECK(engine.connections() == 1);
  });
}

namespace {
awaitable<void> break_off_in_head(Peer peer, int number) {
  co_await peer.request();
  if (number == 0) co_await peer.answer("200 OK", "fine");
  if (number == 0) co_await peer.request();
  co_await peer.send("HTTP/1.1 200 OK\r\nContent-Le");
}
}  // namespace

TEST_CASE("once a byte of an answer has come, a request is not sent again") {
  with_script(break_off_in_head, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    const Result<Response> first = co_await transport.request(unversioned("GET", "/x"));
    const Result<Response> second = co_await transport.request(unversioned("GET", "/x"));
    REQUIRE(first);
    CHECK_FALSE(second);
    CHECK(engine.connections() == 1);
  });
}

namespace {
awaitable<void> answer_in_odd_ways(Peer peer, int number) {
  co_await peer.request();
  static const std::array<std::string, 5> answers = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
      "SSH-2.0-OpenSSH\r\n\r\n",
      "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'),
  };
  co_await peer.send(answers[static_cast<std::size_t>(number)]);
}
}  // namespace

TEST_CASE("a truncated body is an error, never an end (vector#26023)") {
  with_script(answer_in_odd_ways, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    for (int i = 0; i < 3; ++i) {
      Result<ResponseStream> stream = co_await transport.stream(unversioned("GET", "/logs"));
      REQUIRE(stream);
      Result<std::string> piece = co_await stream->next();
      while (piece && !piece->empty()) piece = co_await stream->next();
      REQUIRE_FALSE(piece);
      CHECK(piece.error().kind == Error::Kind::unavailable);
    }
    for (int i = 0; i < 2; ++i) {
      const Result<Response> answer = co_await transport.request(unversioned("GET", "/x"));
      REQUIRE_FALSE(answer);
      CHECK(answer.error().kind == Error::Kind::protocol);
    }
  });
}

namespace {
awaitable<void> send_pieces(Peer peer, int) {
  for (;;) {
    const std::string request = co_await peer.request();
    if (request.empty()) co_return;
    co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    co_await sleep_for(2ms);
    co_await peer.send("3\r\nd");
    co_await sleep_for(2ms);
    co_await peer.send("ef\r\n0\r\n");
    co_await sleep_for(2ms);
    co_await peer.send("\r\n");
  }
}
}  // namespace

TEST_CASE(
    "a stream gives what is there, ends once with an empty piece, and its connection is used again (docker-py #660)") {
  with_script(send_pieces, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      Result<ResponseStream> stream = co_await transport.stream(unversioned("GET", "/x"));
      REQUIRE(stream);
      std::vector<std::string> pieces;
      for (;;) {
        Result<std::string> piece = co_await stream->next();
        REQUIRE(piece);
        if (piece->empty()) break;
        pieces.push_back(*piece);
      }
      CHECK(pieces == std::vector<std::string>{"abc", "d", "ef"});
      Result<std::string> after = co_await stream->next();
      REQUIRE(after);
      CHECK(after->empty());
    }
    CHECK(engine.connections() == 1);
  });
}

TEST_CASE("a stream that is dropped before its end takes its connection with it") {
  with_script(send_pieces, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      Result<ResponseStream> stream = co_await transport.stream(unversioned("GET", "/x"));
      REQUIRE(stream);
      const Result<std::string> piece = co_await stream->next();
      CHECK(*piece == "abc");
    }
    co_await sleep_for(1ms);
    CHECK(engine.connections() == 2);
  });
}

namespace {
awaitable<void> never_answer(Peer peer, int) {
  co_await peer.rest();
}
awaitable<void> answer_half(Peer peer, int) {
  co_await peer.request();
  co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345");
  co_await peer.rest();
}
TransportOptions impatient() {
  TransportOptions options;
  options.response_timeout = 50ms;
  return options;
}
}  // namespace

TEST_CASE("an engine that takes a request and says nothing is a timeout") {
  with_script(
      never_answer,
      [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
        const Result<Response> answer = co_await transport.request(unversioned("GET", "/x"));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Error::Kind::timeout);
        const Result<ResponseStream> stream = co_await transport.stream(unversioned("GET", "/x"));
        REQUIRE_FALSE(stream);
        CHECK(stream.error().kind == Error::Kind::timeout);
      },
      impatient());
}

TEST_CASE("a whole answer must not stall, a stream may (docker-py #2266)") {
  with_script(
      answer_half,
      [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
        const Result<Response> answer = co_await transport.request(unversioned("GET", "/x"));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Error::Kind::timeout);
        Result<ResponseStream> stream = co_await transport.stream(unversioned("GET", "/x"));
        REQUIRE(stream);
        const Result<std::string> piece = co_await stream->next();
        CHECK(*piece == "12345");
        auto next = stream->next();
        const Result<std::string> late = co_await with_deadline(200ms, std::move(next), "the test");
        REQUIRE_FALSE(late);
        CHECK(late.error().message.find("the test took longer") == 0);
      },
      impatient());
}

namespace {
awaitable<void> answer_big(Peer peer, int) {
  co_await peer.request();
  co_await peer.answer("200 OK", std::string(100'000, 'x'));
}
}  // namespace

TEST_CASE("a whole answer over the limit is refused") {
  TransportOptions options;
  options.body_limit = 99'999;
  with_script(
      answer_big,
      [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
        const Result<Response> answer = co_await transport.request(unversioned("GET", "/x"));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Error::Kind::too_large);
      },
      options);
}

namespace {
awaitable<void> answer_with_interim(Peer peer, int) {
  co_await peer.request();
  co_await peer.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n");
  co_await peer.answer("200 OK", "fine");
  co_await peer.request();
  co_await peer.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n");
  co_await peer.request();
  co_await peer.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
}
}  // namespace

TEST_CASE("interim answers are skipped, answers without a body end with their headers") {
  with_script(answer_with_interim, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    const Result<Response> fine = co_await transport.request(unversioned("GET", "/x"));
    const Result<Response> unmodified = co_await transport.request(unversioned("POST", "/x"));
    const Result<Response> no_content = co_await transport.request(unversioned("DELETE", "/x"));
    CHECK(fine->body == "fine");
    CHECK(unmodified->status == 304);
    CHECK(no_content->status == 204);
    CHECK(engine.connections() == 1);
  });
}

namespace {
awaitable<void> call_nobody() {
  Endpoint endpoint;
  endpoint.path = "/tmp/slipway-no-such.sock";
  Transport transport(co_await asio::this_coro::executor, endpoint);
  const Result<Response> answer = co_await transport.request(Request("GET", "/info"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Error::Kind::unavailable);
  CHECK(answer.error().message.find("unix:///tmp/slipway-no-such.sock: No such file") != std::string::npos);
}
}  // namespace

TEST_CASE("an engine that is not there is unavailable and named") {
  run_async(call_nobody());
}

TEST_CASE("cancelling a request closes its connection") {
  with_script(never_answer, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    auto request = transport.request(unversioned("GET", "/x"));
    const Result<Response> answer = co_await with_deadline(20ms, std::move(request), "the test");
    CHECK_FALSE(answer);
    CHECK(engine.connections() == 1);
    // never_answer waits for the client's end, and engine.stop() for never_answer
  });
}

TEST_CASE("no more connections than allowed are open, and streams leave room for other calls") {
  TransportOptions options;
  options.connections = 8;
  options.response_timeout = 100ms;
  with_script(
      answer_half,
      [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
        std::vector<ResponseStream> streams;
        for (int i = 0; i < 7; ++i) {
          Result<ResponseStream> stream = co_await transport.stream(unversioned("GET", "/x"));
          REQUIRE(stream);
          streams.push_back(std::move(*stream));
        }
        Result<ResponseStream> eighth = co_await transport.stream(unversioned("GET", "/x"));
        REQUIRE_FALSE(eighth);
        CHECK(eighth.error().message.find("waiting for a free connection") != std::string::npos);
        const Result<Response> other = co_await transport.request(unversioned("GET", "/x"));
        CHECK(other.error().message.find("did not answer") != std::string::npos);
        streams.pop_back();
        Result<ResponseStream> ninth = co_await transport.stream(unversioned("GET", "/x"));
        CHECK(ninth);
      },
      options);
}

TEST_CASE("an idle connection is closed after its time") {
  TransportOptions options;
  options.idle_timeout = 20ms;
  with_script(
      answer_ok_for_ever,
      [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
        const Result<Response> first = co_await transport.request(unversioned("GET", "/x"));
        co_await sleep_for(60ms);
        const Result<Response> second = co_await transport.request(unversioned("GET", "/x"));
        REQUIRE(first);
        REQUIRE(second);
        CHECK(engine.connections() == 2);
      },
      options);
}
