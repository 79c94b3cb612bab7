#include "orchestrator/rollouts/compose/time_zone.hpp"

#include <date/tz.h>

#include "pipelines/diagnostic.hpp"

namespace slipway::rollouts {
namespace {

const date::time_zone& zone_of(const void* zone) {
  return *static_cast<const date::time_zone*>(zone);
}

date::sys_seconds seconds_of(Time time) {
  return date::floor<std::chrono::seconds>(std::chrono::system_clock::time_point(time.time_since_epoch()));
}

Time time_of(date::sys_seconds seconds) {
  return Time(seconds.time_since_epoch());
}

date::local_info info_of(const void* zone, std::chrono::local_days day, std::chrono::minutes minute) {
  return zone_of(zone).get_info(date::local_seconds(day.time_since_epoch() + minute));
}

Time by_offset(std::chrono::local_days day, std::chrono::minutes minute, const date::sys_info& info) {
  return Time(day.time_since_epoch() + minute - info.offset);
}

}  // namespace

Result<TimeZone> TimeZone::find(const std::string& name) {
  try {
    const date::tzdb& data = date::get_tzdb();
    const auto zone = std::find_if(data.zones.begin(), data.zones.end(),
                                   [&](const date::time_zone& one) { return one.name() == name; });
    if (zone != data.zones.end()) return TimeZone(&*zone);
    std::vector<std::string_view> names;
    names.reserve(data.zones.size());
    for (const date::time_zone& one : data.zones) {
      if (one.name().find('/') != std::string::npos) names.push_back(one.name());
    }
    std::string hint = pipelines::suggest(name, names);
    if (!hint.starts_with("did you mean")) hint = "zones are named as Europe/Berlin or Etc/UTC";
    return fail(Error::Kind::not_found, "there is no time zone '" + name + "'", std::move(hint));
  } catch (const std::exception& trouble) {
    return fail(Error::Kind::unavailable, std::string("time zones can't be read: ") + trouble.what(),
                "install tzdata where slipwayd runs");
  }
}

std::chrono::local_days TimeZone::day_of(Time time) const {
  const auto local = zone_of(zone_).to_local(seconds_of(time));
  return std::chrono::local_days(date::floor<date::days>(local).time_since_epoch());
}

Time TimeZone::first(std::chrono::local_days day, std::chrono::minutes minute) const {
  const date::local_info info = info_of(zone_, day, minute);
  return info.result == date::local_info::nonexistent ? time_of(info.first.end) : by_offset(day, minute, info.first);
}

Time TimeZone::last(std::chrono::local_days day, std::chrono::minutes minute) const {
  const date::local_info info = info_of(zone_, day, minute);
  if (info.result == date::local_info::nonexistent) return time_of(info.first.end);
  return by_offset(day, minute, info.result == date::local_info::ambiguous ? info.second : info.first);
}

std::string TimeZone::show(Time time) const {
  const date::zoned_seconds local(&zone_of(zone_), seconds_of(time));
  return date::format("%a %d %b %H:%M %Z", local);
}

}  // namespace slipway::rollouts
