#pragma once
#include <optional>
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

  /// Fails only on what can't be read. What the answer tells in values of more than 64 MiB is left out, which the sink
  /// is warned of.
  Result<void> feed(std::string_view chunk);
  /// The same in parts: `take`, then `go_on` until it says that there is nothing more to do. One turn is a thousand
  /// entries of a report and as many lines at most, so that others may have the thread in between.
  void take(std::string_view chunk) { values_.feed(chunk); }
  Result<bool> go_on();
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
  Result<void> read_trace();
  void warn_of_skipped();
  [[nodiscard]] Error failure() const;

  BuildSteps steps_;
  BuildkitProgress buildkit_{steps_};
  ClassicProgress classic_{steps_};
  JsonStream values_{64 << 20, JsonStream::TooLong::skipped};
  std::optional<TraceReader> trace_;  // under way
  std::string image_id_;
  std::string error_;
  bool traced_ = false;
  bool warned_ = false;
  bool killed_ = false;
};

}  // namespace slipway::docker
