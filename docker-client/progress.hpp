#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "docker-client/log_frames.hpp"

/// What pulls, pushes and builds tell while they run. The Engine sends many of these a second; who shows them decides
/// how often.
namespace slipway::docker {

struct Bytes {
  std::uint64_t current = 0;
  std::uint64_t total = 0;  ///< 0: unknown; a push may pass it, since it counts what tar adds
  friend bool operator==(const Bytes&, const Bytes&) = default;
};

/// One layer of an image that is pulled or pushed, or (with no layer) a word about all of it.
struct ImageProgress {
  enum class Phase {
    waiting,
    transferring,  ///< `bytes` say how far
    extracting,    ///< after a pull; `bytes` say how far
    retrying,      ///< the registry or the way to it failed; the Engine tries again
    exists,        ///< was there already: nothing transferred
    done,
    message  ///< none of these; see `text`
  };
  std::string layer;  ///< short id
  Phase phase = Phase::message;
  Bytes bytes;
  std::string text;  ///< the Engine's own words
};
using ImageProgressSink = std::function<void(const ImageProgress&)>;

std::string_view name_of(ImageProgress::Phase phase);

/// A step of a build: an instruction of the Dockerfile, or something internal. Numbered from 1 in order of appearance.
struct BuildEvent {
  enum class Kind {
    started,
    finished,  ///< see `outcome`
    output,    ///< one line of what the step's program wrote
    transfer,  ///< something is fetched or written; `text` names it
    warning    ///< about the Dockerfile
  };
  enum class Outcome { completed, cached, failed, cancelled };

  Kind kind = Kind::started;
  std::size_t step = 0;  ///< 0: the build as a whole
  std::string name;      ///< of the step: "[build 2/5] RUN make"
  Outcome outcome = Outcome::completed;
  Milliseconds duration{};  ///< of a finished step
  LogStream stream = LogStream::out;
  std::string text;  ///< the line, the error, the warning; any bytes
  Bytes bytes;       ///< of a transfer
};
using BuildEventSink = std::function<void(const BuildEvent&)>;

std::string_view name_of(BuildEvent::Kind kind);
std::string_view name_of(BuildEvent::Outcome outcome);

}  // namespace slipway::docker
