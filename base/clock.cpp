#include "base/clock.hpp"

#include <charconv>
#include <ctime>
#include <fstream>

#include <fmt/format.h>

namespace slipway {

Time SystemClock::now() const {
  return std::chrono::time_point_cast<Milliseconds>(std::chrono::system_clock::now());
}

Milliseconds DeadlineClock::time_since_boot() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return Milliseconds(std::int64_t{time.tv_sec} * 1000 + time.tv_nsec / 1'000'000);
}

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  file >> id;
  return id;
}

std::string format_time(Time time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

namespace {

/// Reads fixed-width decimal fields and separators off the front of a string.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    int value = 0;
    const std::string_view field = rest_.substr(0, count);
    const auto read = std::from_chars(field.data(), field.data() + field.size(), value);
    const bool all = field.size() == count && read.ptr == field.data() + count;
    good_ = good_ && all && field.front() != '-';
    rest_.remove_prefix(std::min(count, rest_.size()));
    return value;
  }
  char letter() {
    const char c = rest_.empty() ? '\0' : rest_.front();
    if (!rest_.empty()) rest_.remove_prefix(1);
    return c;
  }
  void expect(char c) { good_ = good_ && letter() == c; }
  [[nodiscard]] char peek() const { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool done() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

Milliseconds fraction(Cursor& cursor) {
  if (cursor.peek() != '.') return Milliseconds(0);
  cursor.letter();
  int millis = 0;
  for (int scale = 100; cursor.peek() >= '0' && cursor.peek() <= '9'; scale /= 10) {
    millis += (cursor.letter() - '0') * scale;
  }
  return Milliseconds(millis);
}

std::chrono::minutes zone(Cursor& cursor) {
  const char sign = cursor.letter();
  if (sign == 'Z' || sign == 'z') return std::chrono::minutes(0);
  if (sign != '+' && sign != '-') cursor.expect('\1');
  const int hours = cursor.digits(2);
  cursor.expect(':');
  const std::chrono::minutes offset(hours * 60 + cursor.digits(2));
  return sign == '-' ? -offset : offset;
}

}  // namespace

Result<Time> parse_time(std::string_view text) {
  Cursor cursor(text);
  const int year = cursor.digits(4);
  cursor.expect('-');
  const int month = cursor.digits(2);
  cursor.expect('-');
  const int day = cursor.digits(2);
  const char t = cursor.letter();
  const int hours = cursor.digits(2);
  cursor.expect(':');
  const int minutes = cursor.digits(2);
  cursor.expect(':');
  const int seconds = cursor.digits(2);
  const Milliseconds millis = fraction(cursor);
  const std::chrono::minutes offset = zone(cursor);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!cursor.done() || (t != 'T' && t != 't' && t != ' ') || !date.ok() || hours > 24 || minutes > 59 ||
      seconds > 60) {
    return fail(Error::Kind::invalid, fmt::format("'{}' is not an RFC 3339 time", text.substr(0, 64)));
  }
  return Time(std::chrono::sys_days(date)) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds) + millis - offset;
}

}  // namespace slipway
