#pragma once
#include "base/result.hpp"
#include "orchestrator/daemon/settings.hpp"

namespace slipway::daemon {

/// What `slipwayd`'s arguments and environment ask for.
struct CommandLine {
  enum class Task { serve, check_settings, check_health, restore, make_token, nothing_left };
  Task task = Task::serve;
  Settings settings;
  std::filesystem::path backup;  ///< with `restore`: the file
  bool force = false;            ///< with `restore`: over a database that is there
  std::string token_name;        ///< with `token`: what it is called; empty: nothing was said
};

/// Reads arguments, SLIPWAY_* variables and the settings file (`--config`, SLIPWAY_CONFIG). `--help` and `--version`
/// print and leave nothing to do. A usage error is Kind::invalid.
Result<CommandLine> read_command_line(int argc, char** argv);

}  // namespace slipway::daemon
