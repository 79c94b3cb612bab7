#include "images/match_time.hpp"

#include <ctime>

namespace slipway::images {
namespace {

/// Not the wall's: who waits for a processor has not matched.
Duration cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

}  // namespace

void MatchTime::begin_path() {
  began_ = cpu_time();
}

Result<void> MatchTime::judge(Duration taken) const {
  if (stop_.stop_requested()) return fail(Error::Kind::cancelled, "nobody wants the context any more");
  if (taken <= one_path_ && taken <= whole_ - spent_) return {};
  return fail(Error::Kind::too_large, "the ignore file takes too long to match",
              "fewer patterns, or fewer stars in one of them");
}

Result<void> MatchTime::check() const {
  return judge(cpu_time() - began_);
}

Result<void> MatchTime::end_path() {
  const Duration taken = cpu_time() - began_;
  Result<void> judged = judge(taken);
  spent_ += taken;
  return judged;
}

}  // namespace slipway::images
