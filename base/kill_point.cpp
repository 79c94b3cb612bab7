#include "base/kill_point.hpp"

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace slipway {
namespace {

/// One chosen point and how often it must still be passed.
struct Chosen {
  explicit Chosen(const char* variable) {
    const char* text = std::getenv(variable);
    if (!text) return;
    std::string_view rest(text);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), left);
    const bool numbered = error == std::errc() && end != rest.data() + rest.size() && *end == ':';
    if (!numbered) left = 1;
    if (numbered) rest.remove_prefix(static_cast<std::size_t>(end - rest.data()) + 1);
    name = rest;
  }
  bool reached(std::string_view point) {
    if (left <= 0 || point != name) return false;
    --left;
    return left == 0;
  }

  std::string name;
  int left = 0;
};

class Points {
 public:
  Points() : kill_("SLIPWAY_KILL_POINT"), stop_("SLIPWAY_STOP_POINT") {
    if (const char* path = std::getenv("SLIPWAY_POINT_TRACE")) {
      trace_ = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
  }
  [[nodiscard]] bool on() const { return kill_.left > 0 || stop_.left > 0 || trace_ >= 0; }

  void pass(const std::string& point) {
    const std::lock_guard lock(mutex_);
    if (trace_ >= 0) (void)!::write(trace_, (point + '\n').data(), point.size() + 1);
    if (kill_.reached(point)) ::kill(::getpid(), SIGKILL);
    if (stop_.reached(point)) ::kill(::getpid(), SIGSTOP);
  }

 private:
  std::mutex mutex_;
  Chosen kill_, stop_;
  int trace_ = -1;
};

Points& points() {
  static Points all;
  return all;
}

const bool on_at_start = points().on();

}  // namespace

bool kill_points_on() {
  return on_at_start;
}

void kill_point(Side side, std::string_view deed) {
  if (!on_at_start) return;
  points().pass((side == Side::before ? "before " : "after ") + std::string(deed));
}

}  // namespace slipway
