#pragma once
#include <string>
#include <string_view>

#include "docker-client/build_classic.hpp"
#include "docker-client/build_steps.hpp"
#include "docker-client/buildkit_progress.hpp"
#include "docker-client/builds.hpp"
#include "docker-client/json_stream.hpp"

namespace slipway::docker {

/// Reads the answer of POST /build, whichever builder gives it. Pure.
class BuildAnswer {
 public:
  explicit BuildAnswer(BuildEventSink sink) : steps_(std::move(sink)) {}

  /// Fails only on what can't be read.
  Result<void> feed(std::string_view chunk);
  /// The body has ended as it should: what the build came to. Ended without an image and without an error it was
  /// interrupted, which is Kind::unavailable.
  Result<BuildOutcome> finish();
  /// The body was cut off by `reason`. A failure that was reported before that stands.
  Result<BuildOutcome> cut_off(Error reason);
  /// A RUN of the classic builder was killed: by the kernel, or by an Engine that is being stopped itself, which then
  /// still ends the answer as it should.
  [[nodiscard]] bool killed() const { return killed_; }

 private:
  Result<void> drain();
  Result<void> read(const Json& value);
  [[nodiscard]] Error failure() const;

  BuildSteps steps_;
  BuildkitProgress buildkit_{steps_};
  ClassicProgress classic_{steps_};
  JsonStream values_;
  std::string image_id_;
  std::string error_;
  bool traced_ = false;
  bool killed_ = false;
};

}  // namespace slipway::docker
