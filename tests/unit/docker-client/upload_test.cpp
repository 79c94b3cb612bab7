// Bodies that are sent in pieces, connections that stop being HTTP, and the version.
#include <catch2/catch.hpp>

#include "docker-client/transport.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/docker-client/scripted_transport.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

/// Gives its pieces one by one, then the end, or an error.
class Pieces final : public ByteSource {
 public:
  explicit Pieces(std::vector<std::string> pieces, std::optional<Error> error = {})
      : pieces_(std::move(pieces)), error_(std::move(error)) {}
  awaitable<Result<std::string>> next() override {
    if (at_ < pieces_.size()) co_return pieces_[at_++];
    if (error_) co_return fail(*error_);
    co_return std::string();
  }

 private:
  std::vector<std::string> pieces_;
  std::optional<Error> error_;
  std::size_t at_ = 0;
};

/// Never ends, and says when it is gone.
class Endless final : public ByteSource {
 public:
  explicit Endless(bool& gone) : gone_(gone) {}
  ~Endless() override { gone_ = true; }
  awaitable<Result<std::string>> next() override { co_return std::string(1 << 16, 'x'); }

 private:
  bool& gone_;
};

/// Waits for ever, and says when it is gone.
class Stuck final : public ByteSource {
 public:
  explicit Stuck(bool& gone) : gone_(gone) {}
  ~Stuck() override { gone_ = true; }
  awaitable<Result<std::string>> next() override {
    co_await sleep_for(1h);
    co_return std::string();
  }

 private:
  bool& gone_;
};

Request upload(std::unique_ptr<ByteSource> source) {
  Request request("POST", "/build");
  request.versioned = false;
  request.source = std::move(source);
  return request;
}

awaitable<void> echo(Peer peer, int) {
  for (;;) {
    const std::string request = co_await peer.request();
    if (request.empty()) co_return;
    co_await peer.answer("200 OK", request.substr(request.find("\r\n\r\n") + 4));
  }
}

awaitable<void> report_rest(Peer peer, int number) {
  static std::string seen;
  if (number > 0) {
    co_await peer.request();
    co_await peer.answer("200 OK", seen);
    co_return;
  }
  seen = co_await peer.rest();
}

awaitable<void> refuse_early(Peer peer, int) {
  co_await peer.head();
  co_await peer.answer("400 Bad Request", R"({"message":"dockerfile parse error"})", "Connection: close\r\n");
  peer.close();
}

awaitable<void> answer_before_the_end(Peer peer, int) {
  co_await peer.head();
  co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  co_await peer.rest();
}

awaitable<void> read_nothing(Peer peer, int) {
  co_await peer.head();
  co_await sleep_for(1h);
  co_await peer.rest();
}

}  // namespace

TEST_CASE("a source is sent in chunks as it gives them, and the connection is used again") {
  with_script(echo, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      std::vector<std::string> pieces{"hello", std::string(17, ' '), "world"};
      const Result<Response> answer = co_await transport.request(upload(std::make_unique<Pieces>(std::move(pieces))));
      REQUIRE(answer);
      CHECK(answer->body == "5\r\nhello\r\n11\r\n                 \r\n5\r\nworld\r\n0\r\n\r\n");
    }
    CHECK(engine.connections() == 1);
  });
}

TEST_CASE("a source that fails ends the request with its error, and the Engine sees no complete body") {
  with_script(report_rest, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    std::vector<std::string> pieces{"hello"};
    auto source = std::make_unique<Pieces>(std::move(pieces), Error(Error::Kind::internal, "disk broke"));
    const Result<Response> answer = co_await transport.request(upload(std::move(source)));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::internal);
    CHECK(answer.error().message.find("disk broke") != std::string::npos);
    co_await sleep_for(1ms);
    const Result<Response> seen = co_await transport.request(unversioned("GET", "/seen"));
    REQUIRE(seen);
    CHECK(seen->body.find("5\r\nhello\r\n") != std::string::npos);
    CHECK(seen->body.find("0\r\n\r\n") == std::string::npos);
  });
}

TEST_CASE("an Engine that refuses a body it has not read is heard") {
  with_script(refuse_early, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    bool gone = false;
    const Result<Response> answer = co_await transport.request(upload(std::make_unique<Endless>(gone)));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().kind == Error::Kind::invalid);
    CHECK(answer.error().message == "dockerfile parse error");
    co_await sleep_for(1ms);
    CHECK(gone);
  });
}

TEST_CASE("an answer is read while its body is still being sent; dropping it stops the sending") {
  with_script(answer_before_the_end, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    bool gone = false;
    {
      Result<ResponseStream> stream = co_await transport.stream(upload(std::make_unique<Endless>(gone)));
      REQUIRE(stream);
      const Result<std::string> piece = co_await stream->next();
      CHECK(*piece == "hello");
      CHECK_FALSE(gone);
    }
    co_await sleep_for(1ms);
    CHECK(gone);
  });
}

TEST_CASE("cancelling a request stops a source that waits") {
  with_script(echo, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    bool gone = false;
    auto request = transport.request(upload(std::make_unique<Stuck>(gone)));
    const Result<Response> answer = co_await with_deadline(20ms, std::move(request), "the test");
    CHECK_FALSE(answer);
    co_await sleep_for(1ms);
    CHECK(gone);
  });
}

TEST_CASE("an Engine that stops reading a body is a timeout") {
  TransportOptions options;
  options.response_timeout = 50ms;
  with_script(
      read_nothing,
      [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
        bool gone = false;
        const Result<Response> answer = co_await transport.request(upload(std::make_unique<Endless>(gone)));
        REQUIRE_FALSE(answer);
        CHECK(answer.error().kind == Error::Kind::timeout);
        co_await sleep_for(50ms);
        CHECK(gone);
      },
      options);
}

namespace {

awaitable<void> upgrade_then_echo(Peer peer, int) {
  const std::string head = co_await peer.head();
  CHECK(head.find("Connection: Upgrade\r\nUpgrade: tcp\r\n") != std::string::npos);
  co_await peer.send("HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nfirst");
  const std::string rest = co_await peer.rest();
  co_await peer.send("heard " + rest);
}

awaitable<void> refuse_upgrade(Peer peer, int) {
  co_await peer.request();
  co_await peer.answer("404 Not Found", R"({"message":"No such container: x"})");
  co_await peer.rest();
}

ScriptedEngine::Script answer_instead(std::string head) {
  struct Play {
    static awaitable<void> run(Peer peer, std::string text) {
      co_await peer.request();
      co_await peer.send(text);
      co_await peer.rest();
    }
  };
  return [head](Peer peer, int) { return Play::run(std::move(peer), head); };
}

}  // namespace

TEST_CASE("a hijacked connection carries bytes both ways, half-closes, and is never used again") {
  with_script(upgrade_then_echo, [](Transport& transport, ScriptedEngine& engine) -> awaitable<void> {
    for (int i = 0; i < 2; ++i) {
      Result<HijackedStream> stream = co_await transport.hijack(unversioned("POST", "/attach"));
      REQUIRE(stream);
      const Result<std::string> first = co_await stream->read();
      CHECK(*first == "first");
      const Result<void> written = co_await stream->write("in");
      CHECK(written);
      const Result<void> finished = co_await stream->finish_writing();
      CHECK(finished);
      const Result<std::string> heard = co_await stream->read();
      CHECK(*heard == "heard in");
      const Result<std::string> end = co_await stream->read();
      CHECK(end->empty());
    }
    CHECK(engine.connections() == 2);
  });
}

TEST_CASE("a refused upgrade is the Engine's error") {
  with_script(refuse_upgrade, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    const Result<HijackedStream> stream = co_await transport.hijack(unversioned("POST", "/attach"));
    REQUIRE_FALSE(stream);
    CHECK(stream.error().kind == Error::Kind::not_found);
  });
}

TEST_CASE("an answer that is no upgrade is an error and no connection") {
  const std::string head = GENERATE("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n",
                                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  with_script(answer_instead(head), [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    const Result<HijackedStream> stream = co_await transport.hijack(unversioned("POST", "/exec/x/start"));
    REQUIRE_FALSE(stream);
    CHECK(stream.error().kind == Error::Kind::protocol);
    CHECK_THAT(stream.error().message, Catch::Contains("did not upgrade"));
  });
}

namespace {

awaitable<Result<std::string>> read_closed(HijackedStream& stream) {
  return stream.read();
}

awaitable<void> close_soon(HijackedStream& stream) {
  co_await sleep_for(5ms);
  stream.close();
}

}  // namespace

TEST_CASE("closing a hijacked stream wakes its reader with an error, not an exception") {
  with_script(upgrade_then_echo, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    Result<HijackedStream> stream = co_await transport.hijack(unversioned("POST", "/attach"));
    REQUIRE(stream);
    const Result<std::string> first = co_await stream->read();
    auto both = all_of(read_closed(*stream), close_soon(*stream));
    const auto [woken, closed] = co_await std::move(both);
    REQUIRE_FALSE(woken);
    CHECK(woken.error().kind == Error::Kind::cancelled);
  });
}

namespace {

/// Answers /_ping as an Engine of `version`, /version with `minimum`, anything else with its request line.
ScriptedEngine::Script engine_of(std::string version, std::string minimum, bool knows_head = true) {
  struct Play {
    static awaitable<void> run(Peer peer, std::string api, std::string least, bool head) {
      for (;;) {
        const std::string request = co_await peer.request();
        if (request.empty()) co_return;
        const std::string line = request.substr(0, request.find(" HTTP"));
        std::string headers = "Api-Version: " + api + "\r\n";
        if (line == "HEAD /_ping" && !head)
          co_await peer.send("HTTP/1.1 404 Not Found\r\nContent-Length: 19\r\n\r\n");
        else if (line == "HEAD /_ping")
          co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + headers + "\r\n");
        else if (line == "GET /_ping")
          co_await peer.answer("200 OK", "OK", headers);
        else if (line == "GET /version")
          co_await peer.answer("200 OK", R"({"MinAPIVersion":")" + least + "\"}");
        else
          co_await peer.answer("200 OK", line);
      }
    }
  };
  return [=](Peer peer, int) { return Play::run(std::move(peer), version, minimum, knows_head); };
}

awaitable<std::string> path_asked_for(Transport& transport) {
  const Result<Response> answer = co_await transport.request(Request("GET", "/info"));
  co_return answer ? answer->body : answer.error().message;
}

}  // namespace

TEST_CASE("the version is the lower of ours and the Engine's") {
  const auto [theirs, expected] = GENERATE(table<std::string, std::string>(
      {{"1.24", "1.24"}, {"1.41", "1.41"}, {"1.45", "1.45"}, {"1.51", "1.51"}, {"1.99", "1.51"}}));
  with_script(engine_of(theirs, "1.40"),
              [wanted = "GET /v" + expected + "/info"](Transport& transport, ScriptedEngine& engine) {
                struct Check {
                  static awaitable<void> run(Transport& asked, ScriptedEngine& asking, std::string line) {
                    const std::string first = co_await path_asked_for(asked);
                    const std::string second = co_await path_asked_for(asked);
                    CHECK(first == line);
                    CHECK(second == line);
                    CHECK(asking.connections() == 1);
                  }
                };
                return Check::run(transport, engine, wanted);
              });
}

TEST_CASE("an Engine that knows no HEAD is asked with GET") {
  with_script(engine_of("1.41", "1.12", false), [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    const std::string line = co_await path_asked_for(transport);
    CHECK(line == "GET /v1.41/info");
  });
}

TEST_CASE("an Engine that wants newer clients only is refused with both versions named (29.0)") {
  with_script(engine_of("1.99", "1.90"), [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    const std::string line = co_await path_asked_for(transport);
    CHECK(line.find("wants API 1.90 at least, this slipway speaks 1.51") != std::string::npos);
  });
}

TEST_CASE("what answers without a version is no Engine") {
  with_script(engine_of("", ""), [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    const Result<ApiVersion> version = co_await transport.version();
    REQUIRE_FALSE(version);
    CHECK(version.error().kind == Error::Kind::protocol);
  });
}

namespace {
/// Serves a ping and a request, then goes: an Engine that is restarted as another version after each request.
awaitable<void> restart_as_another(Peer peer, int number) {
  const std::string ping = co_await peer.request();
  const std::string version = number == 0 ? "1.45" : "1.41";
  co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nApi-Version: " + version + "\r\n\r\n");
  const std::string request = co_await peer.request();
  co_await peer.answer("200 OK", request.substr(0, request.find(" HTTP")));
}
}  // namespace

TEST_CASE("the version is negotiated anew when the Engine was restarted") {
  with_script(restart_as_another, [](Transport& transport, ScriptedEngine&) -> awaitable<void> {
    const std::string before = co_await path_asked_for(transport);
    co_await sleep_for(1ms);
    const std::string after = co_await path_asked_for(transport);
    CHECK(before == "GET /v1.45/info");
    CHECK(after == "GET /v1.41/info");
  });
}
