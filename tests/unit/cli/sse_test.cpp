#include "cli/sse.hpp"

#include <vector>

#include <catch2/catch.hpp>

using namespace slipway::cli;

namespace {

std::vector<SseEvent> parse(std::string_view text, std::size_t piece) {
  std::vector<SseEvent> events;
  SseParser parser([&](const SseEvent& event) { events.push_back(event); });
  for (std::size_t at = 0; at < text.size(); at += piece) parser.feed(text.substr(at, piece));
  return events;
}

}  // namespace

TEST_CASE("events come out the same whatever the pieces they arrive in") {
  const std::string_view text = ": hello\n\nid: 7\nevent: state\ndata: one\ndata: two\n\ndata:x\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const auto events = parse(text, piece);
    REQUIRE(events.size() == 2);
    CHECK(events[0].id == "7");
    CHECK(events[0].name == "state");
    CHECK(events[0].data == "one\ntwo");
    CHECK(events[1].id == "7");
    CHECK(events[1].name.empty());
    CHECK(events[1].data == "x");
  }
}

TEST_CASE("a heartbeat comment is no event") {
  CHECK(parse(":\n\n:\n\n", 1).empty());
}

TEST_CASE("an event without end is refused before it fills the memory") {
  SseParser parser([](const SseEvent&) {});
  bool accepted = true;
  const std::string chunk(1 << 20, 'x');
  for (int i = 0; i < 6 && accepted; ++i) accepted = parser.feed(chunk);
  CHECK_FALSE(accepted);
}
