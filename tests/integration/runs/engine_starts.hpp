#pragma once
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/integration/runs/mini_daemon.hpp"

namespace slipway::runs {

/// What the engine tells of the containers it starts, from when this is made: not slipway's word, and not the 256
/// events that the engine remembers, of which other tests make many. Borrows the site.
class EngineStarts {
 public:
  explicit EngineStarts(const Site& site) : told_(site.folder / "starts") {
    const char* given = std::getenv("SLIPWAY_TEST_ENGINE");
    const std::string engine = given ? given : "unix:///var/run/docker.sock";
    const std::string since = std::to_string(std::time(nullptr));
    const std::string file = told_.string();
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::dup2(::open(file.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600), STDOUT_FILENO);
      ::dup2(::open("/dev/null", O_WRONLY), STDERR_FILENO);
      ::execlp("docker", "docker", "-H", engine.c_str(), "events", "--since", since.c_str(), "--filter",
               "type=container", "--filter", "event=start", "--format", "{{.Actor.Attributes.name}}", nullptr);
      ::_exit(127);
    }
  }
  ~EngineStarts() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  EngineStarts(const EngineStarts&) = delete;
  EngineStarts& operator=(const EngineStarts&) = delete;

  /// How often a container of that name was started, as far as is told by now. In the order in which they were started.
  [[nodiscard]] int of(const std::string& container) const {
    std::ifstream file(told_);
    int count = 0;
    for (std::string line; std::getline(file, line);) count += line == container ? 1 : 0;
    return count;
  }

 private:
  std::filesystem::path told_;
  pid_t pid_ = -1;
};

}  // namespace slipway::runs
