#pragma once
#include <string>
#include <vector>

#include <sys/types.h>

namespace slipway::rollouts {

/// A program that a test runs beside itself, its output in the file `log`.
pid_t start_child(const std::vector<std::string>& words, const std::string& log);
/// SIGKILL, and until it is gone.
void kill_child(pid_t child);

}  // namespace slipway::rollouts
