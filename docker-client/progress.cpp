#include "docker-client/progress.hpp"

namespace slipway::docker {

std::string_view name_of(ImageProgress::Phase phase) {
  switch (phase) {
    case ImageProgress::Phase::waiting:
      return "waiting";
    case ImageProgress::Phase::transferring:
      return "transferring";
    case ImageProgress::Phase::extracting:
      return "extracting";
    case ImageProgress::Phase::retrying:
      return "retrying";
    case ImageProgress::Phase::exists:
      return "exists";
    case ImageProgress::Phase::done:
      return "done";
    case ImageProgress::Phase::message:
      break;
  }
  return "message";
}

std::string_view name_of(BuildEvent::Kind kind) {
  switch (kind) {
    case BuildEvent::Kind::started:
      return "started";
    case BuildEvent::Kind::finished:
      return "finished";
    case BuildEvent::Kind::output:
      return "output";
    case BuildEvent::Kind::transfer:
      return "transfer";
    case BuildEvent::Kind::warning:
      break;
  }
  return "warning";
}

std::string_view name_of(BuildEvent::Outcome outcome) {
  switch (outcome) {
    case BuildEvent::Outcome::completed:
      return "completed";
    case BuildEvent::Outcome::cached:
      return "cached";
    case BuildEvent::Outcome::failed:
      return "failed";
    case BuildEvent::Outcome::cancelled:
      break;
  }
  return "cancelled";
}

}  // namespace slipway::docker
