#include "docker-client/ssh_stream.hpp"

#include <cstring>

#include <boost/asio/local/stream_protocol.hpp>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "docker-client/socket_stream.hpp"

namespace slipway::docker {
namespace {

/// A descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int get() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

/// A process in a group of its own, killed and reaped at the latest when this goes.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(Child&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Child& operator=(Child&&) = delete;
  ~Child() { end(); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    ::waitpid(std::exchange(pid_, -1), nullptr, 0);
  }

 private:
  pid_t pid_;
};

class SshStream final : public SocketStream {
 public:
  SshStream(Socket socket, Child child, Descriptor errors)
      : SocketStream(std::move(socket)), child_(std::move(child)), errors_(std::move(errors)) {}

  void close() override {
    SocketStream::close();
    child_.end();
  }

  std::string last_words() override {
    std::string text(4096, '\0');
    const auto count = ::read(errors_.get(), text.data(), text.size());  // never blocks
    text.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }

 private:
  Child child_;
  Descriptor errors_;
};

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

Result<Child> spawn_process(std::vector<std::string> words, int in_out, int errors) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in_out, 0);
  posix_spawn_file_actions_adddup2(&actions, in_out, 1);
  posix_spawn_file_actions_adddup2(&actions, errors, 2);
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
  const int code = ::posix_spawnp(&pid, words[0].c_str(), &actions, &attributes, pointers_to(words).data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (code != 0) return fail(Error::Kind::unavailable, "start " + words[0] + ": " + std::strerror(code));
  return Child(pid);
}

}  // namespace

std::vector<std::string> ssh_command(const Endpoint& endpoint, Duration connect_timeout) {
  const auto seconds =
      std::max<std::int64_t>(1, std::chrono::duration_cast<std::chrono::seconds>(connect_timeout).count());
  // BatchMode: never a prompt. ServerAlive: notices a host that is gone, since reads have no timeout.
  std::vector<std::string> words = {"ssh", "-T",
                                    "-o",  "BatchMode=yes",
                                    "-o",  "ServerAliveInterval=15",
                                    "-o",  "ServerAliveCountMax=3",
                                    "-o",  "ConnectTimeout=" + std::to_string(seconds)};
  const auto add = [&](std::string flag, std::string value) {
    words.push_back(std::move(flag));
    words.push_back(std::move(value));
  };
  if (!endpoint.ssh.identity.empty()) {
    add("-i", endpoint.ssh.identity);
    add("-o", "IdentitiesOnly=yes");
  }
  if (!endpoint.ssh.known_hosts.empty()) {
    add("-o", "UserKnownHostsFile=" + endpoint.ssh.known_hosts);
    add("-o", "GlobalKnownHostsFile=none");
    add("-o", "StrictHostKeyChecking=yes");
  }
  if (!endpoint.user.empty()) add("-l", endpoint.user);
  if (endpoint.port != 0) add("-p", std::to_string(endpoint.port));
  add("--", endpoint.host);
  words.emplace_back("docker");
  if (!endpoint.path.empty()) add("--host", "unix://" + endpoint.path);
  add("system", "dial-stdio");
  return words;
}

Result<std::unique_ptr<ByteStream>> start_ssh(const Executor& executor, const Endpoint& endpoint,
                                              Duration connect_timeout) {
  int ends[2], pipe[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(Error::Kind::unavailable, std::string("socketpair: ") + std::strerror(errno));
  Descriptor ours(ends[0]), theirs(ends[1]);
  if (::pipe2(pipe, O_CLOEXEC) != 0)
    return fail(Error::Kind::unavailable, std::string("pipe: ") + std::strerror(errno));
  Descriptor errors(pipe[0]), errors_in(pipe[1]);
  ::fcntl(errors.get(), F_SETFL, O_NONBLOCK);
  Result<Child> child = spawn_process(ssh_command(endpoint, connect_timeout), theirs.get(), errors_in.get());
  if (!child) return fail(child.error());
  SocketStream::Socket socket(executor, asio::generic::stream_protocol(AF_UNIX, 0), ours.release());
  return std::unique_ptr<ByteStream>(
      std::make_unique<SshStream>(std::move(socket), std::move(*child), std::move(errors)));
}

}  // namespace slipway::docker
