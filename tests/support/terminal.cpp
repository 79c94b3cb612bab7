#include "tests/support/terminal.hpp"

#include <chrono>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace slipway {
namespace {

constexpr std::chrono::seconds patience{40};

/// In the child of a fork: nothing here may allocate.
[[noreturn]] void become(const char* terminal, char* const* words, char* const* environment) {
  ::setsid();
  const int side = ::open(terminal, O_RDWR);  // the first that a session opens is its terminal
  if (side >= 0 && ::ioctl(side, TIOCSCTTY, 0) == 0) {
    for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(side, standard);
    if (side > STDERR_FILENO) ::close(side);
    ::execve(words[0], words, environment);
  }
  ::_exit(127);
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

OnTerminal::OnTerminal(std::vector<std::string> words, std::map<std::string, std::string> environment, Size size)
    : terminal_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
  char name[64];
  if (terminal_ < 0 || ::grantpt(terminal_) != 0 || ::unlockpt(terminal_) != 0 ||
      ::ptsname_r(terminal_, name, sizeof name) != 0) {
    throw std::runtime_error("there is no terminal to be had");
  }
  const winsize shape{size.rows, size.columns, 0, 0};
  ::ioctl(terminal_, TIOCSWINSZ, &shape);
  for (const char* kept : {"PATH", "HOME"}) {
    if (const char* value = std::getenv(kept)) environment.try_emplace(kept, value);
  }
  std::vector<std::string> settings;
  settings.reserve(environment.size());
  for (const auto& [variable, value] : environment) settings.emplace_back(variable).append("=").append(value);
  const std::vector<char*> arguments = pointers_to(words), variables = pointers_to(settings);
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("no process to be had");
  if (pid_ == 0) become(name, arguments.data(), variables.data());
}

OnTerminal::~OnTerminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(terminal_);
}

/// False at the end: nobody has the terminal open any more.
bool OnTerminal::read_some() {
  pollfd waiting{terminal_, POLLIN, 0};
  if (::poll(&waiting, 1, 50) <= 0) return true;
  char piece[4096];
  const ssize_t got = ::read(terminal_, piece, sizeof piece);
  if (got > 0) output_.append(piece, static_cast<std::size_t>(got));
  return got > 0;
}

bool OnTerminal::shows(std::string_view text) {
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (output_.find(text) == std::string::npos) {
    if (!read_some() || std::chrono::steady_clock::now() > limit) return output_.find(text) != std::string::npos;
  }
  return true;
}

void OnTerminal::type(std::string_view keys) const {
  if (::write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::runtime_error("the terminal takes no keys");
  }
}

int OnTerminal::finish() {
  const auto limit = std::chrono::steady_clock::now() + patience;
  for (bool open = true; std::chrono::steady_clock::now() < limit;) {
    open = open && read_some();
    int status = 0;
    if (!open && ::waitpid(pid_, &status, 0) == pid_) {
      pid_ = -1;
      return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
  }
  return -1;
}

}  // namespace slipway
