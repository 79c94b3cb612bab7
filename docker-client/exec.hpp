#pragma once
#include <optional>
#include <string>
#include <vector>

#include "docker-client/transport.hpp"

namespace slipway::docker {

struct ExecSpec {
  explicit ExecSpec(std::vector<std::string> words) : command(std::move(words)) {}

  std::vector<std::string> command;
  std::vector<std::string> env;
  std::string workdir, user;  ///< empty: the container's
  bool tty = false;
  bool in = false;
};

struct ExecState {
  bool running = false;
  std::optional<int> exit_code;  ///< unset: not ended yet (or never started)
  int pid = 0;                   ///< on the engine's host
};

struct ExecOutcome {
  int exit_code = 0;
  std::string output;  ///< stdout and stderr as they came, at most the limit; the rest is read and dropped
  bool truncated = false;
};

/// Programs in running containers. Borrows `transport`, which must outlive it.
class Exec {
 public:
  explicit Exec(Transport& transport) : transport_(transport) {}

  /// A container that does not run is Kind::conflict.
  awaitable<Result<std::string>> create(std::string container, ExecSpec spec);
  /// Starts it. Read to the end before inspecting, else the exit code may not be there yet. Frames unless `tty`.
  awaitable<Result<HijackedStream>> start(std::string id, bool tty = false);
  awaitable<Result<ExecState>> inspect(std::string id);

  /// start, drain, inspect. No deadline of its own: wrap it in with_deadline. Cancelling leaves the program running,
  /// since the Engine has no way to end an exec; `inspect` tells when it has ended.
  awaitable<Result<ExecOutcome>> carry_out(std::string id, bool tty = false, std::size_t output_limit = 64 << 10);
  /// create and carry_out. No deadline of its own: wrap it in with_deadline.
  awaitable<Result<ExecOutcome>> run(std::string container, ExecSpec spec, std::size_t output_limit = 64 << 10);

 private:
  Transport& transport_;
};

}  // namespace slipway::docker
