#include "cli/patience.hpp"

#include <thread>

namespace slipway::cli {

bool Patience::try_again(const Error& failure, const std::stop_token& stop) {
  if (failure.kind != Error::Kind::unavailable && failure.kind != Error::Kind::timeout) return false;
  const auto now = std::chrono::steady_clock::now();
  if (!silent_since_) silent_since_ = now;
  if (stop.stop_requested() || now - *silent_since_ > how_long_) return false;
  std::this_thread::sleep_for(pause_);
  return !stop.stop_requested();
}

}  // namespace slipway::cli
