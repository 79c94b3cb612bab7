#pragma once
#include "base/error.hpp"

namespace slipway::cli {

/// What `slipway` exits with. Documented in docs/cli.md; scripts rely on it.
enum class Exit {
  ok = 0,
  error = 1,
  usage = 2,
  run_failed = 3,
  not_authenticated = 4,
  cancelled = 5,  ///< the run was cancelled or superseded
  timed_out = 6,  ///< --timeout passed; the run goes on
  waiting_for_approval = 7,
  detached = 130  ///< interrupted by the user; the run goes on
};

/// The exit code that an error which ends the command means.
inline Exit exit_of(const Error& error) {
  switch (error.kind) {
    case Error::Kind::unauthorized:
    case Error::Kind::forbidden:
      return Exit::not_authenticated;
    default:
      return Exit::error;
  }
}

/// The exit code that a finished run's verdict ("passed", "failed" …) means.
Exit exit_of_verdict(std::string_view verdict);

}  // namespace slipway::cli
