#include "base/process.hpp"

#include <cstring>

#include <boost/asio/buffer.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace slipway {
namespace {

using Stream = asio::posix::stream_descriptor;

/// Both ends of a pipe, close-on-exec; closes what was not taken.
class Pipe {
 public:
  Pipe() { failed_ = ::pipe2(ends_, O_CLOEXEC) != 0; }
  Pipe(const Pipe&) = delete;
  ~Pipe() {
    close(0);
    close(1);
  }
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] int end(int which) const { return ends_[which]; }
  int take(int which) { return std::exchange(ends_[which], -1); }
  void close(int which) {
    if (ends_[which] >= 0) ::close(take(which));
  }

 private:
  int ends_[2] = {-1, -1};
  bool failed_ = false;
};

/// A started child in a process group of its own: killed and reaped at the latest when this goes.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  ~Child() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  int reap() {
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
  }
  [[nodiscard]] int open_pidfd() const { return static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)); }

 private:
  pid_t pid_;
};

std::vector<std::string> environment_of(const ProcessSpec& spec) {
  std::vector<std::string> variables;
  for (const char* name : {"PATH", "HOME"}) {
    const char* value = ::getenv(name);
    if (value && !spec.environment.contains(name)) variables.push_back(std::string(name) + "=" + value);
  }
  for (const auto& [name, value] : spec.environment) variables.emplace_back(name).append("=").append(value);
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

awaitable<void> feed(Stream& pipe, const ProcessSpec& spec) {
  std::string input = spec.input;
  if (spec.late_input) {
    auto asking = spec.late_input();
    input = co_await std::move(asking);
  }
  boost::system::error_code ignored;  // a program may end without reading its input
  co_await asio::async_write(pipe, asio::buffer(input), asio::redirect_error(use_awaitable, ignored));
  pipe.close(ignored);
}

awaitable<void> drain(Stream& pipe, std::string& kept, std::size_t limit) {
  std::array<char, 16384> chunk;
  for (;;) {
    boost::system::error_code end;
    const std::size_t count =
        co_await pipe.async_read_some(asio::buffer(chunk), asio::redirect_error(use_awaitable, end));
    if (end == asio::error::operation_aborted) throw boost::system::system_error(end);
    if (end) co_return;
    kept.append(chunk.data(), std::min(count, limit - std::min(limit, kept.size())));
  }
}

struct Ends {
  Stream in, out, err, exit;
};

awaitable<Result<ProcessOutcome>> follow(Child& child, Ends& ends, const ProcessSpec& spec) {
  ProcessOutcome outcome;
  auto all = all_of(feed(ends.in, spec), drain(ends.out, outcome.output, spec.output_limit),
                    drain(ends.err, outcome.errors, spec.output_limit));
  co_await std::move(all);
  co_await ends.exit.async_wait(Stream::wait_read, use_awaitable);
  outcome.exit_code = child.reap();
  co_return outcome;
}

/// A program that ends without reading its input must be an error of the write, not the end of us.
void survive_broken_pipes() {
  static const auto previous = ::signal(SIGPIPE, SIG_IGN);
  static_cast<void>(previous);
}

}  // namespace

Result<pid_t> start_process(const ProcessSpec& spec, int in, int out, int err) {
  std::vector<std::string> words = spec.arguments;
  words.insert(words.begin(), spec.program);
  std::vector<std::string> variables = environment_of(spec);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in, 0);
  posix_spawn_file_actions_adddup2(&actions, out, 1);
  posix_spawn_file_actions_adddup2(&actions, err, 2);
  // Asio's sockets are not close-on-exec: a program that outlives this one would keep its port and its connections.
  posix_spawn_file_actions_addclosefrom_np(&actions, 3);
  if (!spec.directory.empty()) posix_spawn_file_actions_addchdir_np(&actions, spec.directory.c_str());
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  sigset_t none, pipe_signal;
  sigemptyset(&none);
  sigemptyset(&pipe_signal);
  sigaddset(&pipe_signal, SIGPIPE);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &pipe_signal);
  pid_t pid = -1;
  const int code = ::posix_spawnp(&pid, spec.program.c_str(), &actions, &attributes, pointers_to(words).data(),
                                  pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) return fail(Error::Kind::not_found, "start " + spec.program + ": " + std::strerror(code));
  // By prlimit(1) in front of it, every program would cost another exec.
  const rlimit files{spec.file_limit, spec.file_limit};
  if (spec.file_limit != 0 && ::prlimit(pid, RLIMIT_FSIZE, &files, nullptr) != 0 && errno != ESRCH) {
    const std::string why = std::strerror(errno);
    ::kill(-pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return fail(Error::Kind::internal, "limit the files of " + spec.program + ": " + why);
  }
  return pid;
}

awaitable<Result<ProcessOutcome>> run_process(ProcessSpec spec) {
  survive_broken_pipes();
  Pipe in, out, err;
  if (in.failed() || out.failed() || err.failed()) co_return fail(Error::Kind::unavailable, "no file descriptors left");
  Result<pid_t> pid = start_process(spec, in.end(0), out.end(1), err.end(1));
  if (!pid) co_return fail(pid.error());
  Child child(*pid);
  in.close(0);
  out.close(1);
  err.close(1);
  // Also where an old engine's seccomp profile does not know the call (Linux 5.3).
  const int exit = child.open_pidfd();
  if (exit < 0)
    co_return fail(Error::Kind::unavailable, "pidfd_open for " + spec.program + ": " + std::strerror(errno));
  const Executor executor = co_await asio::this_coro::executor;
  Ends ends{.in = Stream(executor, in.take(1)),
            .out = Stream(executor, out.take(0)),
            .err = Stream(executor, err.take(0)),
            .exit = Stream(executor, exit)};
  auto work = follow(child, ends, spec);
  co_return co_await with_deadline(spec.deadline, std::move(work), spec.program);
}

}  // namespace slipway
