#include "orchestrator/logs/record.hpp"

#include <catch2/catch.hpp>

using namespace slipway::logs;

namespace {
constexpr auto kTime = "2026-11-25T01:28:51.123456789Z";
}

TEST_CASE("a record that is written reads back the same") {
  const std::string text = GENERATE("", "hello", "two  spaces ", std::string("\0\xff\r", 3), "F P stdout");
  const Stream stream = GENERATE(Stream::out, Stream::err, Stream::slipway);
  const bool ends_line = GENERATE(true, false);
  std::string stored;
  append_record(stored, kTime, stream, ends_line, text);
  std::string_view rest = stored;
  const auto record = take_record(rest);
  REQUIRE(record);
  CHECK(record->time == kTime);
  CHECK(record->stream == stream);
  CHECK(record->ends_line == ends_line);
  CHECK(record->text == text);
  CHECK(rest.empty());
}

TEST_CASE("a record is in the CRI format") {
  std::string stored;
  append_record(stored, kTime, Stream::err, true, "no such file");
  CHECK(stored == "2026-11-25T01:28:51.123456789Z stderr F no such file\n");
}

TEST_CASE("part of a record is none") {
  std::string_view rest = "2026-11-25T01:28:51.123456789Z stdout F hal";
  CHECK_FALSE(take_record(rest));
  CHECK(rest.size() == 43);
}

TEST_CASE("a damaged line is shown, not lost") {
  const std::string line = GENERATE("", "x", "a b", "t stdout X text", "t stdlog F text");
  const std::string stored = line + "\nt stdout F next\n";
  std::string_view rest = stored;
  const auto record = take_record(rest);
  REQUIRE(record);
  CHECK(record->stream == Stream::slipway);
  CHECK(record->text == line);
  CHECK(rest == "t stdout F next\n");
}
