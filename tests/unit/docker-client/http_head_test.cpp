#include "docker-client/http_head.hpp"

#include <catch2/catch.hpp>

#include "docker-client/engine_error.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

struct Parsed {
  int status = 0;
  std::string body;
  bool done = false, keep_alive = false;
};

/// Feeds `text` in pieces of `step` bytes, keeping what the parser did not use, as a connection does.
Parsed parse_in_steps(std::string_view text, std::size_t step) {
  ResponseParser parser(false);
  Parsed parsed;
  std::string pending;
  for (std::size_t at = 0; at < text.size(); at += step) {
    pending += text.substr(at, step);
    while (!pending.empty() && !parser.done()) {
      const Result<std::size_t> used = parser.put(pending, parsed.body);
      REQUIRE(used);
      pending.erase(0, *used);
      if (*used == 0) break;
    }
  }
  parsed.status = parser.status();
  parsed.done = parser.done();
  parsed.keep_alive = parser.done() && parser.keep_alive();
  return parsed;
}

}  // namespace

TEST_CASE("an answer means the same however its bytes are split (bollard #492, #560, #733)") {
  const std::string chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n"
      "5\r\nhello\r\n1;name=value\r\n \r\n00A\r\nworld\r\n\r\n!\r\n0\r\nTrailer: x\r\n\r\n";
  const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\nhello world\r\n\r\n!";
  for (const std::string& text : {chunked, sized}) {
    for (std::size_t step = 1; step <= text.size(); ++step) {
      CAPTURE(step);
      const Parsed parsed = parse_in_steps(text, step);
      CHECK(parsed.status == 200);
      CHECK(parsed.body == "hello world\r\n\r\n!");
      CHECK(parsed.done);
      CHECK(parsed.keep_alive);
    }
  }
}

TEST_CASE("a body that is cut off is an error, one that ends with its connection is not") {
  const auto cut = GENERATE(as<std::string>(), "", "HTTP/1.1 20", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n1234",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel");
  ResponseParser parser(false);
  std::string body;
  std::string pending = cut;
  while (!pending.empty()) {
    const Result<std::size_t> used = parser.put(pending, body);
    REQUIRE(used);
    if (*used == 0) break;
    pending.erase(0, *used);
  }
  const Result<void> end = parser.put_end();
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == Error::Kind::unavailable);

  const Parsed open = parse_in_steps("HTTP/1.1 200 OK\r\n\r\nto the end", 7);
  CHECK(open.body == "to the end");
  CHECK_FALSE(open.done);
}

TEST_CASE("what is no HTTP is a protocol error") {
  const auto text = GENERATE(as<std::string>(), "SSH-2.0-OpenSSH_9.2\r\n", "\x15\x03\x01garbage\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n");
  ResponseParser parser(false);
  std::string body;
  const Result<std::size_t> used = parser.put(text, body);
  REQUIRE_FALSE(used);
  CHECK(used.error().kind == Error::Kind::protocol);
}

TEST_CASE("a request's head holds version, encoded query and length") {
  Request request("POST", "/containers/a%2Fb/stop");
  request.with("t", "10").with("name", "a b&c/ü");
  request.header("X-Registry-Auth", "e30=").json("{}");
  const Result<std::string> head = request_head(request, "/v1.41", "docker");
  REQUIRE(head);
  CHECK(*head ==
        "POST /v1.41/containers/a%2Fb/stop?t=10&name=a%20b%26c%2F%C3%BC HTTP/1.1\r\nHost: docker\r\n"
        "User-Agent: slipway/" SLIPWAY_VERSION
        "\r\nX-Registry-Auth: e30=\r\nContent-Type: application/json\r\n"
        "Content-Length: 2\r\n\r\n");
}

TEST_CASE("nothing a caller passes can start a second header or request") {
  Request path("GET", "/x HTTP/1.1\r\nX: y");
  CHECK_FALSE(request_head(path, "", "docker"));
  Request relative("GET", "x");
  CHECK_FALSE(request_head(relative, "", "docker"));
  Request value("GET", "/x");
  value.header("A", "b\r\nC: d");
  CHECK_FALSE(request_head(value, "", "docker"));
  Request name("GET", "/x");
  name.header("A: b\r\nC", "d");
  CHECK_FALSE(request_head(name, "", "docker"));
  Request query("GET", "/x");
  query.with("a\r\n", "b\r\n");
  const Result<std::string> head = request_head(query, "", "docker");
  REQUIRE(head);
  CHECK(head->find("a%0D%0A=b%0D%0A") != std::string::npos);
}

TEST_CASE("an error status becomes a kind and the Engine's words") {
  struct Row {
    int status;
    std::string body;
    Error::Kind kind;
    std::string message;
  };
  const auto row = GENERATE(values<Row>({
      {400, R"({"message":"invalid filter 'x'"})", Error::Kind::invalid, "invalid filter 'x'"},
      {400, "client version 1.99 is too new. Maximum supported API version is 1.41\n", Error::Kind::invalid,
       "client version 1.99 is too new. Maximum supported API version is 1.41"},
      {400, "Client sent an HTTP request to an HTTPS server.\n", Error::Kind::invalid,
       "Client sent an HTTP request to an HTTPS server"},
      {401, R"({"message":"unauthorized"})", Error::Kind::unauthorized, "unauthorized"},
      {403, R"({"message":"network has active endpoints"})", Error::Kind::forbidden, "network has active endpoints"},
      {404, R"({"message":"No such container: x"})", Error::Kind::not_found, "No such container: x"},
      {404, "404 page not found\n", Error::Kind::not_found, "404 page not found"},
      {405, "", Error::Kind::invalid, "the engine answered 405 and nothing more"},
      {409, R"({"message":"Conflict.\n The name is taken.\n"})", Error::Kind::conflict, "Conflict. The name is taken"},
      {413, "", Error::Kind::too_large, "the engine answered 413 and nothing more"},
      {500, R"({"message":"no space left on device"})", Error::Kind::internal, "no space left on device"},
      {500, R"({"cause":"odd"})", Error::Kind::internal, "the engine answered 500 and nothing more"},
      {500, "\xff\xfe not text", Error::Kind::internal, "\xff\xfe not text"},
      {502, "<html>bad gateway</html>", Error::Kind::unavailable, "<html>bad gateway</html>"},
      {503, R"({"message":"This node is not a swarm manager."})", Error::Kind::unavailable,
       "This node is not a swarm manager"},
      {504, "", Error::Kind::timeout, "the engine answered 504 and nothing more"},
  }));
  CAPTURE(row.status, row.body);
  const Error error = engine_error(row.status, row.body);
  CHECK(error.kind == row.kind);
  CHECK(error.message == row.message);
}

TEST_CASE("an endless error text is cut") {
  CHECK(engine_error(500, std::string(1 << 20, 'x')).message.size() == 2000);
}

TEST_CASE("API versions are compared by number") {
  CHECK(*parse_api_version("1.9") < *parse_api_version("1.41"));
  CHECK(parse_api_version("1.41")->text() == "1.41");
  for (const char* text : {"", "1", "1.", ".1", "1.x", "1.41 ", "v1.41", "-1.2", "1.-2"})
    CHECK_FALSE(parse_api_version(text));
}
