#pragma once
#include <chrono>
#include <string>
#include <string_view>

#include "docker-client/build_steps.hpp"

namespace slipway::docker {

/// Reads the classic builder's text ("Step 2/3 : RUN make", " ---> Using cache", what the program writes) into the
/// steps of a build. It gives no times, so durations are measured here. Borrows `steps`.
class ClassicProgress {
 public:
  explicit ClassicProgress(BuildSteps& steps) : steps_(steps) {}
  /// One `stream` value.
  void add(std::string_view text);
  /// The build ended; `error` is empty if well.
  void finish(const std::string& error);
  /// The builder said that it is done and made this image. A stage of several has an image of its own before that.
  [[nodiscard]] bool made(std::string_view image_id) const;

 private:
  void begin(std::string_view title);
  void finish_step(BuildEvent::Outcome outcome, std::string error);

  BuildSteps& steps_;
  std::size_t current_ = 0;
  bool cached_ = false;
  bool after_title_ = false;
  std::string made_;  // the short id
  std::chrono::steady_clock::time_point since_;
};

}  // namespace slipway::docker
