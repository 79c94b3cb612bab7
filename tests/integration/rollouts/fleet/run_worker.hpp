#pragma once
#include <csignal>
#include <fstream>
#include <string>
#include <vector>

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

/// Lets the worker do what there is to do, which nothing disturbs; how many commits that took.
inline int commits_of_worker(const std::string& folder) {
  REQUIRE(run_worker(folder, 0) == 0);
  int commits = 0;
  std::ifstream(folder + "/commits") >> commits;
  return commits;
}

/// `count` (two or more) of so many commits, evenly from the first to the last.
inline std::vector<int> spread_over(int commits, int count) {
  REQUIRE(commits > count);
  std::vector<int> chosen;
  for (int i = 0; i < count; ++i) chosen.push_back(1 + i * (commits - 1) / (count - 1));
  return chosen;
}

/// The worker is killed after that commit of about `commits`, and another one does the rest. What is done on hosts side
/// by side may be one commit or more, so only a commit of the last quarter may be none of this worker's.
inline void kill_and_go_on(const std::string& folder, int kill_at_commit, int commits) {
  const int ended = run_worker(folder, kill_at_commit);
  if (ended == 0 && 4 * kill_at_commit > 3 * commits) return;
  REQUIRE(ended == -SIGKILL);
  REQUIRE(run_worker(folder, 0) == 0);
}

}  // namespace slipway::rollouts
