#pragma once
#include <chrono>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace slipway::rollouts {

/// A zone of the machine's time zone data, such as Europe/Berlin. The data is read when the first zone is asked for,
/// and stays in memory then.
class TimeZone {
 public:
  /// Kind::not_found, with the nearest name as the hint; Kind::unavailable if the machine has no such data.
  static Result<TimeZone> find(const std::string& name);

  /// The day that it is there.
  [[nodiscard]] std::chrono::local_days day_of(Time time) const;
  /// When the clocks there show `minute` of `day` for the first and the last time: two, where they are set back over
  /// it. Where they are set forward over it, both are when they jump.
  [[nodiscard]] Time first(std::chrono::local_days day, std::chrono::minutes minute) const;
  [[nodiscard]] Time last(std::chrono::local_days day, std::chrono::minutes minute) const;
  /// "Mon 30 Nov 09:00 CET".
  [[nodiscard]] std::string show(Time time) const;

 private:
  explicit TimeZone(const void* zone) : zone_(zone) {}
  const void* zone_;  ///< of the library, which keeps it
};

}  // namespace slipway::rollouts
