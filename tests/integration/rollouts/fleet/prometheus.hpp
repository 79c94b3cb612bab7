#pragma once
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/support/programs.hpp"

namespace slipway::rollouts {

/// A real Prometheus on 127.0.0.1 that scrapes http://TARGET/metrics twice a second. On a busy machine a scrape may
/// fail, and then its series has no data until the next one: a query that must not blink looks back over some time.
class Prometheus {
 public:
  explicit Prometheus(const std::vector<std::string>& targets);
  ~Prometheus();
  Prometheus(const Prometheus&) = delete;
  Prometheus& operator=(const Prometheus&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// As when it dies: nothing answers from then on.
  void kill();

 private:
  Folder folder_;
  int port_;
  pid_t child_ = 0;
};

}  // namespace slipway::rollouts
