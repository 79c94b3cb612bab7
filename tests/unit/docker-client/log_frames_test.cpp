#include "docker-client/log_frames.hpp"

#include <random>

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::docker;

namespace {

using Frames = std::vector<std::pair<LogStream, std::string>>;

Frames drain(LogDemultiplexer& demultiplexer) {
  Frames frames;
  while (true) {
    Result<std::optional<LogFrame>> frame = demultiplexer.next();
    REQUIRE(frame);
    if (!*frame) return frames;
    frames.emplace_back((*frame)->stream, (*frame)->payload);
  }
}

Frames read_frames(const std::vector<std::string>& chunks) {
  LogDemultiplexer demultiplexer;
  Frames frames;
  for (const std::string& chunk : chunks) {
    demultiplexer.feed(chunk);
    for (auto& frame : drain(demultiplexer)) frames.push_back(std::move(frame));
  }
  CHECK_FALSE(demultiplexer.inside_frame());
  return frames;
}

std::string every_byte() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

}  // namespace

TEST_CASE("several frames in one read come out one by one") {
  const std::string bytes = encode_log_frame(LogStream::out, "one\n") + encode_log_frame(LogStream::err, "two\n") +
                            encode_log_frame(LogStream::out, "");
  CHECK(read_frames({bytes}) == Frames{{LogStream::out, "one\n"}, {LogStream::err, "two\n"}, {LogStream::out, ""}});
}

TEST_CASE("a frame's header is stream, three zeros and a big-endian length") {
  CHECK(encode_log_frame(LogStream::err, "hello") == std::string("\2\0\0\0\0\0\0\5hello", 13));
  CHECK(encode_log_frame(LogStream::out, std::string(70'000, 'x')).substr(0, 8) ==
        std::string("\1\0\0\0\0\1\x11\x70", 8));
}

TEST_CASE("any way of cutting a log stream gives the same frames, byte by byte") {
  const std::string bytes = encode_log_frame(LogStream::out, every_byte()) +
                            encode_log_frame(LogStream::err, "\xff\xfe") + encode_log_frame(LogStream::in, "x") +
                            encode_log_frame(LogStream::out, "prompt> ");
  const Frames whole = read_frames({bytes});
  REQUIRE(whole.size() == 4);
  CHECK(whole[0].second == every_byte());
  for (std::size_t at = 0; at <= bytes.size(); ++at)
    CHECK(read_frames({bytes.substr(0, at), bytes.substr(at)}) == whole);
  std::mt19937 random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> chunks;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = random() % 13;
      chunks.push_back(bytes.substr(at, size));
      at += size;
    }
    CHECK(read_frames(chunks) == whole);
  }
}

TEST_CASE("a prompt without a newline comes out at once") {
  LogDemultiplexer demultiplexer;
  demultiplexer.feed(encode_log_frame(LogStream::out, "password: "));
  CHECK(drain(demultiplexer) == Frames{{LogStream::out, "password: "}});
}

TEST_CASE("the offset counts the bytes of whole frames only") {
  LogDemultiplexer demultiplexer;
  const std::string frame = encode_log_frame(LogStream::out, "one\n");
  demultiplexer.feed(frame + frame.substr(0, 9));
  drain(demultiplexer);
  CHECK(demultiplexer.offset() == frame.size());
  CHECK(demultiplexer.inside_frame());
  demultiplexer.feed(frame.substr(9));
  drain(demultiplexer);
  CHECK(demultiplexer.offset() == 2 * frame.size());
  CHECK_FALSE(demultiplexer.inside_frame());
}

TEST_CASE("bytes that are no frame are a protocol error, now and ever after") {
  for (const std::string& bytes : {std::string("plain text, no frames"), std::string("\1\0\1\0\0\0\0\1x", 9),
                                   std::string("\4\0\0\0\0\0\0\1x", 9), std::string("\1\0\0\0\x7f\xff\xff\xff", 8)}) {
    LogDemultiplexer demultiplexer;
    demultiplexer.feed(bytes);
    auto frame = demultiplexer.next();
    REQUIRE_FALSE(frame);
    CHECK(frame.error().kind == Error::Kind::protocol);
    demultiplexer.feed(encode_log_frame(LogStream::out, "fine"));
    CHECK_FALSE(demultiplexer.next());
  }
}

TEST_CASE("the engine's own message in a log stream is an error with its words") {
  LogDemultiplexer demultiplexer;
  demultiplexer.feed(encode_log_frame(LogStream::out, "one\n") +
                     encode_log_frame(static_cast<LogStream>(3), "error grabbing logs: disk is gone"));
  REQUIRE(demultiplexer.next());
  const auto frame = demultiplexer.next();
  REQUIRE_FALSE(frame);
  CHECK(frame.error().kind == Error::Kind::failed);  // the engine itself is there
  CHECK(frame.error().message.find("disk is gone") != std::string::npos);
}

TEST_CASE("a tty's stream passes as it is, whatever it looks like") {
  LogDemultiplexer demultiplexer(LogFormat::raw);
  demultiplexer.feed(every_byte());
  demultiplexer.feed("");
  CHECK(drain(demultiplexer) == Frames{{LogStream::out, every_byte()}});
  CHECK(demultiplexer.offset() == 256);
}

TEST_CASE("from API 1.42 on the content type tells a log's format, before it the container's tty does") {
  const auto multiplexed = "application/vnd.docker.multiplexed-stream";
  const auto raw = "application/vnd.docker.raw-stream";
  CHECK(log_format(multiplexed, true, true) == LogFormat::multiplexed);
  CHECK(log_format(raw, true, false) == LogFormat::raw);
  CHECK(log_format("", true, true) == LogFormat::raw);
  CHECK(log_format(raw, false, false) == LogFormat::multiplexed);
  CHECK(log_format(raw, false, true) == LogFormat::raw);
  CHECK(log_format("application/octet-stream", false, false) == LogFormat::multiplexed);
}
