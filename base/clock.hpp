#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway {

/// Wall time, in milliseconds since the Unix epoch. What is stored, compared across restarts and shown.
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Milliseconds = std::chrono::milliseconds;

/// Where the time comes from, so that tests set it.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
};

/// For deadlines: goes on evenly while the machine is up, suspended or not, whatever is done to the wall clock. As long
/// as it is given the same anchor it is the same clock across restarts of the process; its times mean nothing to
/// people.
class DeadlineClock final : public Clock {
 public:
  /// Reads as the wall clock does at present.
  DeadlineClock() : anchor_(SystemClock().now() - Time() - time_since_boot()) {}

  [[nodiscard]] Time now() const override { return Time(anchor_ + time_since_boot()); }
  /// What it reads at the machine's start, since the Unix epoch.
  [[nodiscard]] Milliseconds anchor() const { return anchor_; }
  void set_anchor(Milliseconds anchor) { anchor_ = anchor; }

 private:
  static Milliseconds time_since_boot();
  Milliseconds anchor_;
};

/// Different after each start of the machine (random(4), boot_id); empty if the kernel does not tell.
std::string boot_id();

/// A clock that stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}
  [[nodiscard]] Time now() const override { return now_; }
  void advance(Milliseconds by) { now_ += by; }

 private:
  Time now_;
};

/// RFC 3339 in UTC with milliseconds: 2026-11-25T01:28:51.000Z.
std::string format_time(Time time);
/// Any RFC 3339 time stamp; fractions below a millisecond are cut off.
Result<Time> parse_time(std::string_view text);

}  // namespace slipway
