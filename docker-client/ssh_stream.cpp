#include "docker-client/ssh_stream.hpp"

#include <cstring>

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
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

/// What ssh and the far side write to ssh's standard error: read as it comes, since ssh passes nothing on while that
/// pipe is full, and the end of it kept.
class ErrorOutput : public std::enable_shared_from_this<ErrorOutput> {
 public:
  ErrorOutput(const Executor& executor, Descriptor pipe) : pipe_(executor, pipe.release()) { pipe_.non_blocking(true); }

  /// Until `close`, or until nobody can write any more.
  void read_on() {
    pipe_.async_wait(asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](boost::system::error_code ended) {
                       if (!ended && self->read()) self->read_on();
                     });
  }

  /// All there is by now.
  const std::string& text() {
    read();
    return text_;
  }

  void close() {
    read();
    boost::system::error_code ignored;
    pipe_.close(ignored);
  }

 private:
  static constexpr std::size_t kept = 4096;  // bytes
  static constexpr int pieces = 32;          // twice what a pipe holds, so that who writes without end does not hold us

  /// False: no more will come.
  bool read() {
    std::array<char, kept> piece;
    boost::system::error_code ended;
    for (int i = 0; i < pieces && !ended; ++i) {
      text_.append(piece.data(), pipe_.read_some(asio::buffer(piece), ended));
      if (text_.size() > kept) text_.erase(0, text_.size() - kept);
    }
    return !ended || ended == asio::error::would_block;
  }

  asio::posix::stream_descriptor pipe_;
  std::string text_;
};

class SshStream final : public SocketStream {
 public:
  SshStream(Socket socket, Child child, std::shared_ptr<ErrorOutput> errors)
      : SocketStream(std::move(socket)), child_(std::move(child)), errors_(std::move(errors)) {
    errors_->read_on();
  }
  SshStream(const SshStream&) = delete;
  ~SshStream() override { errors_->close(); }

  void close() override {
    SocketStream::close();
    child_.end();
    errors_->close();
  }

  std::string last_words() override {
    std::string text = errors_->text();
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  }

 private:
  Child child_;
  std::shared_ptr<ErrorOutput> errors_;  // shared by the reading that is under way
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
  Result<Child> child = spawn_ssh(ssh_command(endpoint, connect_timeout), theirs.get(), errors_in.get());
  if (!child) return fail(child.error());
  auto output = std::make_shared<ErrorOutput>(executor, std::move(errors));
  SocketStream::Socket socket(executor, asio::generic::stream_protocol(AF_UNIX, 0), ours.release());
  return std::unique_ptr<ByteStream>(
      std::make_unique<SshStream>(std::move(socket), std::move(*child), std::move(output)));
}

}  // namespace slipway::docker
