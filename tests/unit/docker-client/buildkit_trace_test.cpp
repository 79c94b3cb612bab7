#include "docker-client/buildkit_trace.hpp"

#include <random>

#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "docker-client/buildkit_wire.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes += static_cast<char>(value);
}

std::string field(unsigned number, std::string_view bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}

std::string field(unsigned number, std::uint64_t value) {
  return varint(number << 3) + varint(value);
}

std::string time_of(std::uint64_t seconds, std::uint64_t nanos) {
  return field(1, seconds) + field(2, nanos);
}

std::string sample() {
  const std::string vertex = field(1, "sha256:a") + field(2, "sha256:b") + field(2, "sha256:c") +
                             field(3, "[1/2] RUN x") + field(4, 1) + field(5, time_of(100, 5'000'000)) +
                             field(6, time_of(101, 0)) + field(7, "exit code: 3") + field(8, "a group that came later");
  const std::string status = field(1, "layer") + field(2, "sha256:a") + field(3, "extracting") + field(4, 10) +
                             field(5, 20) + field(6, time_of(1, 1)) + field(7, time_of(2, 0)) + field(8, time_of(3, 0));
  const std::string log = field(1, "sha256:a") + field(2, time_of(102, 0)) + field(3, 2) + field(4, "oops \xff\n");
  const std::string warning = field(1, "sha256:a") + field(2, 1) + field(3, "short") + field(4, "one") +
                              field(4, "two") + field(5, "https://example.com/rule");
  return field(1, vertex) + field(2, status) + field(3, log) + field(4, warning) + field(9, "unknown");
}

struct Told {
  std::vector<TraceVertex> vertices;
  std::vector<TraceStatus> statuses;
  std::vector<TraceLog> logs;
  std::vector<TraceWarning> warnings;

  void add(TraceVertex one) { vertices.push_back(std::move(one)); }
  void add(TraceStatus one) { statuses.push_back(std::move(one)); }
  void add(TraceLog one) { logs.push_back(std::move(one)); }
  void add(TraceWarning one) { warnings.push_back(std::move(one)); }
};

Result<Told> read_all(const std::string& message) {
  TraceReader reader(message);
  Told told;
  while (true) {
    Result<std::optional<TraceEntry>> entry = reader.next();
    if (!entry) return fail(entry.error());
    if (!*entry) return told;
    std::visit([&](auto& one) { told.add(std::move(one)); }, **entry);
  }
}

}  // namespace

TEST_CASE("a build trace's vertices, statuses, logs and warnings are decoded") {
  const Result<std::string> message = trace_message(to_base64(sample()));
  REQUIRE(message);
  const Result<Told> trace = read_all(*message);
  REQUIRE(trace);
  REQUIRE(trace->vertices.size() == 1);
  const TraceVertex& vertex = trace->vertices[0];
  CHECK(vertex.digest == "sha256:a");
  CHECK(vertex.inputs == std::vector<std::string>{"sha256:b", "sha256:c"});
  CHECK(vertex.name == "[1/2] RUN x");
  CHECK(vertex.cached);
  CHECK(vertex.started == Time(Milliseconds(100'005)));
  CHECK(vertex.completed == Time(Milliseconds(101'000)));
  CHECK(vertex.error == "exit code: 3");
  REQUIRE(trace->statuses.size() == 1);
  CHECK(trace->statuses[0].id == "layer");
  CHECK(trace->statuses[0].name == "extracting");
  CHECK(trace->statuses[0].current == 10);
  CHECK(trace->statuses[0].total == 20);
  CHECK(trace->statuses[0].completed == Time(Milliseconds(3'000)));
  REQUIRE(trace->logs.size() == 1);
  CHECK(trace->logs[0].stream == 2);
  CHECK(trace->logs[0].text == "oops \xff\n");
  REQUIRE(trace->warnings.size() == 1);
  CHECK(trace->warnings[0].text == "short");
  CHECK(trace->warnings[0].detail == std::vector<std::string>{"one", "two"});
}

TEST_CASE("a trace that is cut anywhere is decoded or refused, never read past its end") {
  const std::string bytes = sample();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string cut = bytes.substr(0, size);
    const auto trace = read_all(cut);
    if (!trace) CHECK(trace.error().kind == Error::Kind::protocol);
  }
}

TEST_CASE("a trace with any bytes changed is decoded or refused") {
  std::mt19937 random(3);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = sample();
    for (unsigned change = 0; change <= random() % 4; ++change)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    const auto trace = read_all(bytes);
    if (!trace) CHECK(trace.error().kind == Error::Kind::protocol);
  }
}

TEST_CASE("hostile protobuf is a protocol error") {
  const std::string endless(20, '\xff');
  for (const std::string& bytes :
       {endless, std::string("\x0b"), std::string("\x02\x01x"), std::string("\x0a\xff\xff\xff\xff\x0f"),
        std::string("\x09\x01"), std::string("\x0f")}) {
    const auto trace = read_all(bytes);
    REQUIRE_FALSE(trace);
    CHECK(trace.error().kind == Error::Kind::protocol);
  }
  CHECK_FALSE(trace_message("not base64!"));
}

TEST_CASE("a trace of very many entries is read to its end") {
  std::string many;
  for (int i = 0; i < 200'000; ++i) many += field(3, field(1, "sha256:a") + field(4, "x\n"));
  const auto trace = read_all(many);
  REQUIRE(trace);
  CHECK(trace->logs.size() == 200'000);
}

TEST_CASE("a time that no calendar knows is bounded and not an overflow") {
  const std::uint64_t huge = ~std::uint64_t{0} >> 1;
  const auto trace = read_all(field(1, field(5, time_of(huge, huge))));
  REQUIRE(trace);
  CHECK(trace->vertices[0].started->time_since_epoch().count() > 0);
}

TEST_CASE("fixed-size protobuf fields are read little-endian") {
  WireReader reader(std::string_view("\x0d\x01\x02\x00\x00\x11\x01\x00\x00\x00\x00\x00\x00\x80", 14));
  const auto four = reader.next();
  REQUIRE((four && *four));
  CHECK((*four)->value == 0x0201);
  const auto eight = reader.next();
  REQUIRE((eight && *eight));
  CHECK((*eight)->number == 2);
  CHECK((*eight)->value == 0x8000000000000001);
  CHECK_FALSE(reader.next().value());
}
