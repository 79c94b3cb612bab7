#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/clock.hpp"
#include "base/encoding.hpp"
#include "base/files.hpp"
#include "base/http_client.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"

using namespace slipway;

TEST_CASE("times survive formatting and parsing") {
  const auto time = parse_time("2026-11-25T03:28:51.123456789+02:00");
  REQUIRE(time);
  CHECK(format_time(*time) == "2026-11-25T01:28:51.123Z");
  CHECK(*parse_time(format_time(*time)) == *time);
}

TEST_CASE("what is not an RFC 3339 time is refused") {
  for (const char* text : {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00",
                           "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00+2:00", "-026-01-01T00:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_time(text));
  }
}

TEST_CASE("hashes match the published vectors") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 4231, test case 2
  CHECK(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("base64 and hex round trip, and refuse what they can't read") {
  CHECK(to_base64("{}") == "e30=");
  CHECK(*from_base64("e30=") == "{}");
  CHECK(*from_base64url(to_base64url("\xff\xfe\xfd")) == "\xff\xfe\xfd");
  CHECK_FALSE(from_base64("e3_0"));
  CHECK(*from_hex("00ff") == std::string("\x00\xff", 2));
  CHECK_FALSE(from_hex("0g"));
  CHECK_FALSE(from_hex("000"));
}

TEST_CASE("JSON that is broken or too deep is an error and not a crash") {
  CHECK_FALSE(parse_json("{"));
  CHECK_FALSE(parse_json(std::string(100000, '[')));
  CHECK_FALSE(parse_json(std::string(80, '[') + std::string(80, ']')));
  CHECK(parse_json(R"({"a":[1]})"));
}

TEST_CASE("JSON readers give the default for missing keys and wrong types") {
  const Json value = Json::parse(R"({"n":1,"s":"x"})");
  CHECK(text_at(value, "n", "d") == "d");
  CHECK(text_at(value, "s") == "x");
  CHECK(number_at(value, "s", 5) == 5);
  CHECK(number_at(Json(3), "s", 5) == 5);
}

TEST_CASE("a file is replaced whole and read back") {
  const auto path = std::filesystem::temp_directory_path() / ("slipway-test-" + random_hex(6));
  REQUIRE(write_file(path, "one"));
  REQUIRE(write_file(path, "two"));
  CHECK(*read_file(path) == "two");
  CHECK(read_file(path, 2).error().kind == Error::Kind::too_large);
  std::filesystem::remove(path);
  CHECK(read_file(path).error().kind == Error::Kind::not_found);
}

TEST_CASE("an HTTP request with credentials in its URL or a newline in a header is refused") {
  HttpRequest with_user("GET", "http://u:p@127.0.0.1:1/");
  CHECK(send_http(with_user).error().kind == Error::Kind::invalid);
  HttpRequest split("GET", "http://127.0.0.1:1/");
  split.headers.emplace_back("X-A", "b\r\nX-Evil: 1");
  CHECK(send_http(split).error().kind == Error::Kind::invalid);
  CHECK(send_http(HttpRequest("GET", "file:///etc/passwd")).error().kind == Error::Kind::invalid);
  CHECK(send_http(HttpRequest("GET", "http://127.0.0.1:1/")).error().kind == Error::Kind::unavailable);
}
