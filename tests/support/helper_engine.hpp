#pragma once
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/ids.hpp"
#include "docker-client/endpoint.hpp"
#include "tests/support/real_engine.hpp"

namespace slipway {

/// A number below 40 that no other engine on this machine has, for as long as it lives: programs run side by side, and
/// one may have several engines. (Those from 40 on are the fault matrix's.) `helper_engine.sh sweep` knows by the locks
/// whose owners are gone.
class EngineNumber {
 public:
  EngineNumber() {
    for (number_ = 0; number_ < 40; ++number_) {
      const std::string name = "slipway-e" + std::to_string(number_);
      lock_ = ::open(("/tmp/" + name + ".lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
      const bool ours = lock_ >= 0 && ::flock(lock_, LOCK_EX | LOCK_NB) == 0;
      if (ours && ::access(("/run/netns/" + name).c_str(), F_OK) != 0) return;
      ::close(lock_);
    }
    throw std::runtime_error("no number is left for a helper engine: tests/support/helper_engine.sh sweep");
  }
  EngineNumber(const EngineNumber&) = delete;
  ~EngineNumber() { ::close(lock_); }
  [[nodiscard]] int value() const { return number_; }

 private:
  int number_ = 0;
  int lock_ = -1;
};

/// A Docker Engine of one test's own, to be killed. Has busybox, once load_busybox() was called.
class HelperEngine {
 public:
  /// `options` are more of dockerd's, as a shell reads them.
  explicit HelperEngine(std::string options = "") : options_(std::move(options)) { run("start"); }
  HelperEngine(const HelperEngine&) = delete;
  ~HelperEngine() { static_cast<void>(std::system(command("stop").c_str())); }

  [[nodiscard]] docker::Endpoint unix_endpoint() const {
    return *docker::parse_endpoint("unix://" + dir_ + "/docker.sock");
  }
  [[nodiscard]] docker::Endpoint tls_endpoint() const {
    return *docker::parse_endpoint("tcp://198.18.0." + std::to_string(4 * number_.value() + 2) + ":2376",
                                   {dir_ + "/ca.pem", dir_ + "/cert.pem", dir_ + "/key.pem"});
  }
  [[nodiscard]] std::string folder() const { return dir_; }

  void signal(int number) const {
    ::kill(pid(), number);
    // A stop takes hold of a busy process only after a while.
    while (number == SIGSTOP && state() != 'T') std::this_thread::yield();
  }
  /// Until its process is gone.
  void await_end(pid_t process) const {
    for (int i = 0; i < 2000 && ::kill(process, 0) == 0; ++i) ::usleep(10'000);
  }
  [[nodiscard]] pid_t pid() const {
    pid_t process = 0;
    std::ifstream(dir_ + "/pid") >> process;
    return process;
  }
  /// The kernel's letter for what its process does: 'T' is stopped (proc(5)).
  [[nodiscard]] char state() const {
    std::string number, name;
    char letter = '?';
    std::ifstream("/proc/" + std::to_string(pid()) + "/stat") >> number >> name >> letter;
    return letter;
  }
  void start_again() { run("start"); }
  /// Ended by `number`, and started again when its process is gone.
  void restart_by(int number) {
    const pid_t process = pid();
    signal(number);
    await_end(process);
    start_again();
  }
  /// Everything of it is gone at once, containers too, as when the machine loses its power.
  void cut_power() { run("cut_power"); }
  /// Where its host answers it, and programs beside the engine.
  [[nodiscard]] std::string gateway() const { return "198.18.0." + std::to_string(4 * number_.value() + 1); }
  /// What it may send, per second, from now on.
  void limit_upload(const std::string& rate) {
    const std::string command = "tc -n slipway-e" + std::to_string(number_.value()) +
                                " qdisc replace dev eth0 root tbf rate " + rate + " burst 64kb latency 400ms";
    if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
  }

  /// Copies busybox from the Engine under test.
  void load_busybox() {
    RealEngine from, to(unix_endpoint());
    std::vector<std::string> names{"busybox:latest"};
    auto saved = from.run(from->images().save(std::move(names)));
    if (!saved) throw std::runtime_error(saved.error().message);
    std::string tar;
    for (;;) {
      auto piece = from.run(saved->next());
      if (!piece) throw std::runtime_error(piece.error().message);
      if (piece->empty()) break;
      tar += *piece;
    }
    auto loaded = to.run(to->images().load(std::make_unique<WholeText>(std::move(tar))));
    if (!loaded) throw std::runtime_error(loaded.error().message);
  }

 private:
  class WholeText final : public docker::ByteSource {
   public:
    explicit WholeText(std::string text) : text_(std::move(text)) {}
    awaitable<Result<std::string>> next() override { co_return std::exchange(text_, {}); }

   private:
    std::string text_;
  };

  [[nodiscard]] std::string command(const std::string& verb) const {
    return "tests/support/helper_engine.sh " + verb + " " + dir_ + " " + std::to_string(number_.value()) + " " +
           options_;
  }
  void run(const std::string& verb) const {
    if (std::system(command(verb).c_str()) != 0) throw std::runtime_error("the helper engine did not " + verb);
  }

  std::string options_;
  EngineNumber number_;
  std::string dir_ = "/tmp/slipway-engine-" + random_hex(4);
};

}  // namespace slipway
