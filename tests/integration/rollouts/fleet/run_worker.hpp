#pragma once
#include <string>

#include <catch2/catch.hpp>
#include <sys/wait.h>
#include <unistd.h>

namespace slipway::rollouts {

/// Runs the worker on a store; its exit status, or minus the signal that ended it.
inline int run_worker(const std::string& folder, int kill_at_commit) {
  const std::string count = std::to_string(kill_at_commit);
  const pid_t child = fork();
  if (child == 0) {
    execl(ROLLOUTS_WORKER_PATH, ROLLOUTS_WORKER_PATH, folder.c_str(), count.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace slipway::rollouts
