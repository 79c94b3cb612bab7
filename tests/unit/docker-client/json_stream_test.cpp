#include "docker-client/json_stream.hpp"

#include <random>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace slipway;
using docker::JsonStream;

namespace {

std::vector<std::string> drain(JsonStream& stream) {
  std::vector<std::string> values;
  while (true) {
    Result<std::optional<Json>> value = stream.next();
    REQUIRE(value);
    if (!*value) return values;
    values.push_back(dump_json(**value));
  }
}

std::vector<std::string> read(const std::vector<std::string>& chunks) {
  JsonStream stream;
  std::vector<std::string> values;
  for (const std::string& chunk : chunks) {
    stream.feed(chunk);
    for (std::string& value : drain(stream)) values.push_back(std::move(value));
  }
  stream.finish();
  for (std::string& value : drain(stream)) values.push_back(std::move(value));
  return values;
}

using Values = std::vector<std::string>;

}  // namespace

TEST_CASE("several JSON values in one chunk come out one by one") {
  CHECK(read({R"({"a":1}{"b":2} {"c":3})"}) == Values{R"({"a":1})", R"({"b":2})", R"({"c":3})"});
  CHECK(read({"{\"a\":1}\r\n{\"b\":2}\r\n"}) == Values{R"({"a":1})", R"({"b":2})"});
}

TEST_CASE("a JSON value that is cut anywhere, even in an escape, is put together") {
  CHECK(read({R"({"a":"x\)", R"("}{"}{")", R"(b":[1,{"c)", R"(":2}]})"}) ==
        Values{R"({"a":"x\"}{"})", R"({"b":[1,{"c":2}]})"});
}

TEST_CASE("a CRLF that is cut in two separates values like a whole one") {
  CHECK(read({"{\"a\":1}\r", "\n{\"b\":2}\r", "\n"}) == Values{R"({"a":1})", R"({"b":2})"});
}

TEST_CASE("an empty chunk is not the end of the stream") {
  CHECK(read({"", R"({"a":)", "", "1}", ""}) == Values{R"({"a":1})"});
}

TEST_CASE("a value comes out as soon as it is whole") {
  JsonStream stream;
  stream.feed(R"({"status":"waiting"})");
  CHECK(drain(stream) == Values{R"({"status":"waiting"})"});
}

TEST_CASE("numbers, words and texts are values too, the last of them once the stream ends") {
  CHECK(read({"1 2.5 tr", "ue \"x\"null[", "]42"}) == Values{"1", "2.5", "true", "\"x\"", "null", "[]", "42"});
}

TEST_CASE("a stream that ends inside a value is a protocol error") {
  for (const char* text : {R"({"a":1)", R"("abc)", "[1,2", "{\"a\":\"}\""}) {
    JsonStream stream;
    stream.feed(text);
    CHECK(drain(stream).empty());
    stream.finish();
    const auto end = stream.next();
    REQUIRE_FALSE(end);
    CHECK(end.error().kind == Error::Kind::protocol);
  }
}

TEST_CASE("what is no JSON is a protocol error, now and ever after") {
  for (const char* text : {"<html>502 Bad Gateway</html> ", "{\"a\":1]} ", "} ", "{nonsense}", "nonsense "}) {
    JsonStream stream;
    stream.feed(text);
    auto value = stream.next();
    REQUIRE_FALSE(value);
    CHECK(value.error().kind == Error::Kind::protocol);
    stream.feed(R"({"a":1})");
    value = stream.next();
    REQUIRE_FALSE(value);
    CHECK(value.error().kind == Error::Kind::protocol);
  }
}

TEST_CASE("a value over the limit is refused before it is whole") {
  JsonStream stream(100);
  stream.feed("{\"a\":\"" + std::string(50, 'x'));
  CHECK(drain(stream).empty());
  stream.feed(std::string(60, 'x'));
  const auto value = stream.next();
  REQUIRE_FALSE(value);
  CHECK(value.error().kind == Error::Kind::too_large);
}

TEST_CASE("a value over the limit is passed over where that is wanted, however it is cut, and the next ones come out") {
  const std::string text =
      "{\"a\":1}{\"b\":[\"" + std::string(200, '}') + "\\\"\"]} {\"c\":2}\"" + std::string(150, ' ') + "\"[3]";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{150}, text.size()}) {
    CAPTURE(piece);
    JsonStream stream(100, JsonStream::TooLong::skipped);
    std::vector<std::string> values;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      stream.feed(text.substr(at, piece));
      for (std::string& value : drain(stream)) values.push_back(std::move(value));
    }
    stream.finish();
    CHECK(drain(stream).empty());
    CHECK(values == Values{R"({"a":1})", R"({"c":2})", "[3]"});
    CHECK(stream.skipped() == 2);
  }
}

TEST_CASE("a stream that ends inside a value that is passed over is a protocol error") {
  JsonStream stream(100, JsonStream::TooLong::skipped);
  stream.feed("{\"a\":\"" + std::string(200, 'x'));
  CHECK(drain(stream).empty());
  stream.finish();
  const auto end = stream.next();
  REQUIRE_FALSE(end);
  CHECK(end.error().kind == Error::Kind::protocol);
}

TEST_CASE("hostile nesting is refused without exhausting the stack") {
  JsonStream stream;
  stream.feed(std::string(200'000, '[') + std::string(200'000, ']'));
  CHECK_FALSE(stream.next());
}

TEST_CASE("any way of cutting a stream gives the same values") {
  const std::string text =
      "{\"status\":\"Pulling\",\"id\":\"latest\"}\r\n{\"a\":\"\\\\\"}{\"b\":\"{[\\\"\"}\n\n[1,[2,{}]] 17 true"
      "{\"unicode\":\"gr\xc3\xbc\xc3\x9f \\ud83d\\ude00\"}\r\n";
  const Values whole = read({text});
  REQUIRE(whole.size() == 7);
  for (std::size_t at = 0; at <= text.size(); ++at) CHECK(read({text.substr(0, at), text.substr(at)}) == whole);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = random() % 9;
      chunks.push_back(text.substr(at, size));
      at += size;
    }
    CHECK(read(chunks) == whole);
  }
}
