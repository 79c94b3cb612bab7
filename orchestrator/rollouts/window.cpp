#include "orchestrator/rollouts/window.hpp"

#include <algorithm>

#include "orchestrator/rollouts/compose/time_zone.hpp"

namespace slipway::rollouts {
namespace {

using std::chrono::days;
using std::chrono::local_days;

constexpr days looked_ahead{400};
constexpr std::chrono::minutes midnight{0};

bool is_excepted(const Window& window, local_days day) {
  return std::any_of(window.except.begin(), window.except.end(),
                     [&](const Window::Dates& dates) { return dates.first <= day && day <= dates.last; });
}

bool begins_on(const Window& window, local_days day) {
  const std::chrono::weekday weekday(day);
  return window.days[weekday.iso_encoding() - 1] && !is_excepted(window, day);
}

/// A time of the clocks that comes twice opens the first and closes the second time; one that is left out does both at
/// the jump. So a window is never shorter than it says because of a clock, and may be empty on one day of the year.
Opening opening_on(const Window& window, const TimeZone& zone, local_days day) {
  const local_days next = day + days(1);
  Opening opening{zone.first(day, window.from), zone.last(day, window.to), window.zone};
  if (window.to == std::chrono::hours(24)) opening.to = zone.first(next, midnight);
  if (window.to > window.from) return opening;
  opening.to = is_excepted(window, next) ? zone.first(next, midnight) : zone.last(next, window.to);
  return opening;
}

}  // namespace

std::optional<Opening> opening_of(const Window& window, Time now) {
  const auto zone = TimeZone::find(window.zone);
  if (!zone) return std::nullopt;
  const local_days today = zone->day_of(now);
  for (local_days day = today - days(1); day <= today + looked_ahead; day += days(1)) {
    if (!begins_on(window, day)) continue;
    const Opening opening = opening_on(window, *zone, day);
    if (opening.from < opening.to && now < opening.to) return opening;
  }
  return std::nullopt;
}

std::optional<Opening> opening_of(const std::vector<Window>& windows, Time now) {
  std::optional<Opening> first;
  for (const Window& window : windows) {
    const auto opening = opening_of(window, now);
    if (opening && (!first || opening->from < first->from)) first = opening;
  }
  return first;
}

bool is_open(const std::vector<Window>& windows, Time now) {
  if (windows.empty()) return true;
  const auto opening = opening_of(windows, now);
  return opening && opening->from <= now;
}

std::string opens_when(const std::vector<Window>& windows, Time now) {
  const auto opening = opening_of(windows, now);
  if (!opening) return "does not open within 400 days";
  const auto zone = TimeZone::find(opening->zone);
  return "opens " + (zone ? zone->show(opening->from) : format_time(opening->from));
}

}  // namespace slipway::rollouts
