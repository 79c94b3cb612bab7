#include "orchestrator/rollouts/window.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/compose/time_zone.hpp"
#include "orchestrator/rollouts/compose/window_decoder.hpp"

using namespace slipway;
using namespace slipway::rollouts;
using namespace std::chrono_literals;

namespace {

std::chrono::local_days date(const char* text) {
  return parse_date(text).value();
}

/// "2026-11-28 13:05" UTC.
Time utc(const std::string& text) {
  return Time(date(text.substr(0, 10).c_str()).time_since_epoch() + parse_minute(text.substr(11)).value());
}

Window window(const char* from, const char* to, std::array<bool, 7> days = {true, true, true, true, true, true, true}) {
  Window made;
  made.zone = "Europe/Berlin";
  made.from = parse_minute(from).value();
  made.to = parse_minute(to).value();
  made.days = days;
  return made;
}

constexpr std::array weekdays{true, true, true, true, true, false, false};

/// The UTC times of the opening, "from to", the date left out.
std::string opening(const Window& one, const std::string& now) {
  const auto found = opening_of(one, utc(now));
  return found ? format_time(found->from).substr(11, 5) + " " + format_time(found->to).substr(11, 5) : "never";
}

}  // namespace

TEST_CASE("a window is open from its first minute to before its last, on its days, by the clocks of its zone") {
  const std::vector one{window("09:00", "16:00", weekdays)};
  CHECK_FALSE(is_open(one, utc("2026-11-27 07:59")));
  CHECK(is_open(one, utc("2026-11-27 08:00")));
  CHECK(is_open(one, utc("2026-11-27 14:59")));
  CHECK_FALSE(is_open(one, utc("2026-11-27 15:00")));
  CHECK_FALSE(is_open(one, utc("2026-11-28 10:00")));
  CHECK(opens_when(one, utc("2026-11-27 15:00")) == "opens Mon 30 Nov 09:00 CET");
  CHECK(opens_when(one, utc("2026-07-03 15:00")) == "opens Mon 06 Jul 09:00 CEST");
}

TEST_CASE("without windows it is always open, with several while one of them is") {
  CHECK(is_open({}, utc("2026-11-28 10:00")));
  const std::vector two{window("09:00", "10:00"), window("20:00", "21:00")};
  CHECK(is_open(two, utc("2026-11-28 19:30")));
  CHECK_FALSE(is_open(two, utc("2026-11-28 12:00")));
  CHECK(opens_when(two, utc("2026-11-28 12:00")) == "opens Sat 28 Nov 20:00 CET");
  CHECK(opens_when(two, utc("2026-11-28 23:00")) == "opens Sun 29 Nov 09:00 CET");
}

TEST_CASE("a window that ends before it begins ends on the next day, which may not be one of its own") {
  std::vector one{window("22:00", "02:00", {false, false, false, false, true, false, false})};
  CHECK(is_open(one, utc("2026-11-27 23:30")));  // Saturday 00:30 there
  CHECK_FALSE(is_open(one, utc("2026-11-28 21:30")));
  one[0].except.push_back({date("2026-11-28"), date("2026-11-28")});
  CHECK(is_open(one, utc("2026-11-27 22:30")));
  CHECK_FALSE(is_open(one, utc("2026-11-27 23:00")));  // Saturday has begun
}

TEST_CASE("on excepted dates, both ends included, a window stays closed") {
  std::vector one{window("09:00", "16:00")};
  one[0].except.push_back({date("2026-12-24"), date("2027-01-01")});
  CHECK(is_open(one, utc("2026-12-23 12:00")));
  CHECK_FALSE(is_open(one, utc("2026-12-24 12:00")));
  CHECK_FALSE(is_open(one, utc("2027-01-01 12:00")));
  CHECK(opens_when(one, utc("2026-12-24 12:00")) == "opens Sat 02 Jan 09:00 CET");
  one[0].except.push_back({date("2027-01-02"), date("2030-01-01")});
  CHECK(opens_when(one, utc("2026-12-24 12:00")) == "does not open within 400 days");
}

TEST_CASE("a time that the clocks leave out is that of their jump") {
  // 2026-03-29 in Berlin: 02:00 CET is 03:00 CEST, at 01:00 UTC.
  CHECK(opening(window("02:30", "05:00"), "2026-03-29 00:00") == "01:00 03:00");
  CHECK(opening(window("01:00", "02:30"), "2026-03-29 00:00") == "00:00 01:00");
  // Nothing is left of this one; the next is that of the day after.
  CHECK(opening(window("02:15", "02:45"), "2026-03-29 00:00") == "00:15 00:45");
  CHECK(opening(window("00:00", "24:00"), "2026-03-29 12:00") == "23:00 22:00");
}

TEST_CASE("a time that the clocks show twice opens a window the first time and closes it the second") {
  // 2026-10-25 in Berlin: 03:00 CEST is 02:00 CET, at 01:00 UTC.
  CHECK(opening(window("02:30", "05:00"), "2026-10-25 00:00") == "00:30 04:00");
  CHECK(opening(window("01:00", "02:30"), "2026-10-25 00:00") == "23:00 01:30");
  const std::vector half{window("02:00", "02:30")};
  CHECK(is_open(half, utc("2026-10-25 00:10")));  // 02:10 CEST
  CHECK(is_open(half, utc("2026-10-25 00:40")));  // 02:40 CEST: it closes at the second 02:30
  CHECK(is_open(half, utc("2026-10-25 01:20")));  // 02:20 CET
  CHECK_FALSE(is_open(half, utc("2026-10-25 01:30")));
}

TEST_CASE("a zone that there is not is named, with the nearest that there is") {
  const auto wrong = TimeZone::find("Europe/Berlim");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message == "there is no time zone 'Europe/Berlim'");
  CHECK(wrong.error().hint == "did you mean `Europe/Berlin`?");
  const auto nonsense = TimeZone::find("my desk");
  REQUIRE_FALSE(nonsense);
  CHECK(nonsense.error().hint == "zones are named as Europe/Berlin or Etc/UTC");
}
