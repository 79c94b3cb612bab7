#pragma once
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "tests/support/programs.hpp"

namespace slipway::rollouts {

/// A real Prometheus on 127.0.0.1 that scrapes http://TARGET/metrics twice a second. On a busy machine a scrape may
/// fail, and then its series has no data until the next one: a query that must not blink looks back over some time.
class Prometheus {
 public:
  /// Returns when every target has been asked once, whether it answered or not.
  explicit Prometheus(const std::vector<std::string>& targets);
  ~Prometheus();
  Prometheus(const Prometheus&) = delete;
  Prometheus& operator=(const Prometheus&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Returns when it has a sample of `metric`.
  void await(const std::string& metric) const;
  /// As when it dies: nothing answers from then on.
  void kill();

 private:
  [[nodiscard]] bool answers_within(std::chrono::seconds patience, const std::string& path,
                                    const std::function<bool(const std::string&)>& accept) const;

  Folder folder_;
  int port_;
  pid_t child_ = 0;
};

}  // namespace slipway::rollouts
