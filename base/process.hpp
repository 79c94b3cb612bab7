#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/async.hpp"

namespace slipway {

/// A program to run without a shell. `program` is looked up in PATH; `arguments` never pass through a shell.
struct ProcessSpec {
  ProcessSpec(std::string name, std::vector<std::string> words)
      : program(std::move(name)), arguments(std::move(words)) {}

  std::string program;
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  ///< the whole environment but PATH and HOME, which are inherited
  std::filesystem::path directory;                 ///< empty: the daemon's own
  std::string input;                               ///< given on stdin, which is then closed
  /// Instead of `input`, where it is not there yet: the program starts at once and gets what this answers.
  std::function<awaitable<std::string>()> late_input;
  Duration deadline = std::chrono::minutes(5);  ///< then SIGKILL to its process group, Kind::timeout
  std::size_t output_limit = 1 << 20;  ///< bytes kept of stdout and of stderr each; the rest is read and dropped
  /// Bytes of any one file that it or its children write (RLIMIT_FSIZE, over which they are killed); 0: no limit. Set
  /// from outside right after the start, so it is not there yet in the program's first microseconds.
  std::uint64_t file_limit = 0;
};

struct ProcessOutcome {
  int exit_code = 0;  ///< 128 + N if ended by signal N
  std::string output;
  std::string errors;
};

/// Only starts it: `program`, `arguments`, `environment`, `directory` and `file_limit` count. In a process group of its
/// own, with these descriptors for stdin, stdout and stderr and none of this process's others. Who calls reaps it.
Result<pid_t> start_process(const ProcessSpec& spec, int in, int out, int err);

/// Runs to the end. A program that can't be started is Kind::not_found; a non-zero exit is an outcome, not an error.
/// Cancelling kills the process group.
awaitable<Result<ProcessOutcome>> run_process(ProcessSpec spec);

}  // namespace slipway
