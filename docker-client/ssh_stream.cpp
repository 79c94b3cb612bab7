#include "docker-client/ssh_stream.hpp"

#include <cstring>

#include <boost/asio/local/stream_protocol.hpp>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/process.hpp"
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

/// With what ssh, its agent and the commands of its configuration may want to know, and no secret of the daemon's.
Result<Child> spawn_ssh(std::vector<std::string> words, int in_out, int errors) {
  ProcessSpec spec(words.front(), {words.begin() + 1, words.end()});
  for (const char* name : {"SSH_AUTH_SOCK", "USER", "LOGNAME"}) {
    if (const char* value = ::getenv(name)) spec.environment[name] = value;
  }
  const Result<pid_t> pid = start_process(spec, in_out, in_out, errors);
  if (!pid) return fail(Error::Kind::unavailable, pid.error().message);
  return Child(*pid);
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
  Result<Child> child = spawn_ssh(ssh_command(endpoint, connect_timeout), theirs.get(), errors_in.get());
  if (!child) return fail(child.error());
  SocketStream::Socket socket(executor, asio::generic::stream_protocol(AF_UNIX, 0), ours.release());
  return std::unique_ptr<ByteStream>(
      std::make_unique<SshStream>(std::move(socket), std::move(*child), std::move(errors)));
}

}  // namespace slipway::docker
