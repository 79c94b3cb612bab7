#include "orchestrator/logs/transcriber.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::logs;

namespace {

constexpr auto kSecond = "2026-11-25T01:28:51.123456789Z ";
constexpr std::uint64_t kLimit = 1 << 20;

std::string stamped(std::string_view text) {
  return kSecond + std::string(text);
}

std::string record(std::string_view stream, std::string_view tag, std::string_view text) {
  return kSecond + std::string(stream) + " " + std::string(tag) + " " + std::string(text) + "\n";
}

}  // namespace

TEST_CASE("streams stay in the order they were written") {
  const MaskPatterns none({});
  Transcriber transcriber(none, kLimit);
  transcriber.frame(Stream::out, stamped("one\n"));
  transcriber.frame(Stream::err, stamped("two\n"));
  transcriber.frame(Stream::out, stamped("three\n"));
  CHECK(transcriber.take() ==
        record("stdout", "F", "one") + record("stderr", "F", "two") + record("stdout", "F", "three"));
  CHECK(transcriber.take().empty());
}

TEST_CASE("a line that the Engine split keeps its parts, and only the last ends it") {
  const MaskPatterns none({});
  Transcriber transcriber(none, kLimit);
  transcriber.frame(Stream::out, stamped(std::string(16384, 'x')));
  transcriber.frame(Stream::out, stamped("rest\n"));
  CHECK(transcriber.take() == record("stdout", "P", std::string(16384, 'x')) + record("stdout", "F", "rest"));
}

TEST_CASE("a secret that the Engine split over two frames is masked") {
  const MaskPatterns patterns({Secret("hunter2")});
  Transcriber transcriber(patterns, kLimit);
  transcriber.frame(Stream::out, stamped(std::string(16380, 'x') + "hunt"));
  transcriber.frame(Stream::err, stamped("between\n"));
  transcriber.frame(Stream::out, stamped("er2 end\n"));
  transcriber.end();
  const std::string all = transcriber.take();
  CHECK(all.find("hunt") == std::string::npos);
  CHECK(all.find("er2") == std::string::npos);
  CHECK(all.find("*** end") != std::string::npos);
  CHECK(all.find("between") != std::string::npos);
}

TEST_CASE("an unterminated last line comes out at the end as a part") {
  const MaskPatterns patterns({Secret("a-long-secret")});
  Transcriber transcriber(patterns, kLimit);
  transcriber.frame(Stream::out, stamped("prompt> a-long"));
  transcriber.end();
  std::string text;
  const std::string all = transcriber.take();
  for (std::string_view rest = all; auto piece = take_record(rest);) {
    CHECK_FALSE(piece->ends_line);
    text += piece->text;
  }
  CHECK(text == "prompt> a-long");
}

TEST_CASE("content is counted and hashed as the program wrote it, before masking and without time stamps") {
  const MaskPatterns patterns({Secret("hunter2")});
  Transcriber transcriber(patterns, kLimit);
  transcriber.frame(Stream::out, stamped("pw hunter2\n"));
  transcriber.frame(Stream::err, stamped(""));
  transcriber.frame(Stream::out, stamped("no end"));
  CHECK(transcriber.content_bytes() == 17);
  CHECK(transcriber.content_sha256() == sha256_hex("pw hunter2\nno end"));
}

TEST_CASE("over the limit one record says so and no more come") {
  const MaskPatterns none({});
  Transcriber transcriber(none, 200);
  for (int i = 0; i < 100; ++i) transcriber.frame(Stream::out, stamped("line\n"));
  transcriber.end();
  CHECK(transcriber.over_limit());
  const std::string all = transcriber.take();
  CHECK(all.size() < 200 + 150);
  CHECK(all.find("slipway F the log is over its limit of 200 bytes") != std::string::npos);
  CHECK(all.ends_with("\n"));
}

TEST_CASE("bytes that are no text pass through unharmed") {
  const MaskPatterns none({});
  Transcriber transcriber(none, kLimit);
  const std::string bytes("\0\x01\xff\r\x1b[31m", 9);
  transcriber.frame(Stream::out, stamped(bytes + "\n"));
  CHECK(transcriber.take() == record("stdout", "F", bytes));
}

TEST_CASE("a frame without a time stamp is taken as it is") {
  const MaskPatterns none({});
  Transcriber transcriber(none, kLimit);
  transcriber.frame(Stream::out, "plain text of a driver that adds no time\n");
  CHECK(transcriber.take() == "- stdout F plain text of a driver that adds no time\n");
}
