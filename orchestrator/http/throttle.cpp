#include "orchestrator/http/throttle.hpp"

#include <algorithm>

namespace slipway::http {
namespace {

constexpr std::size_t max_addresses = 4096;
constexpr Milliseconds longest = std::chrono::minutes(5);

Milliseconds penalty(int failures) {
  if (failures < Throttle::free_failures) return Milliseconds(0);
  const int doublings = std::min(failures - Throttle::free_failures, 9);
  return std::min(longest, Milliseconds(std::chrono::seconds(1)) * (1 << doublings));
}

}  // namespace

Milliseconds Throttle::wait(const std::string& address, Time now) const {
  const auto place = places_.find(address);
  if (place == places_.end()) return Milliseconds(0);
  const Entry& entry = *place->second;
  const Milliseconds left = entry.last + penalty(entry.failures) - now;
  return std::clamp(left, Milliseconds(0), longest);
}

void Throttle::failed(const std::string& address, Time now) {
  const auto place = places_.find(address);
  if (place != places_.end()) {
    entries_.splice(entries_.begin(), entries_, place->second);
  } else {
    entries_.push_front({address, 0, now});
    places_[address] = entries_.begin();
  }
  Entry& entry = entries_.front();
  // What lies long back is forgiven.
  if (now - entry.last > 2 * longest) entry.failures = 0;
  ++entry.failures;
  entry.last = now;
  if (entries_.size() > max_addresses) {
    places_.erase(entries_.back().address);
    entries_.pop_back();
  }
}

void Throttle::succeeded(const std::string& address) {
  const auto place = places_.find(address);
  if (place == places_.end()) return;
  entries_.erase(place->second);
  places_.erase(place);
}

}  // namespace slipway::http
