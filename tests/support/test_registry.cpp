#include "tests/support/test_registry.hpp"

#include <csignal>
#include <filesystem>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/http_client.hpp"
#include "base/ids.hpp"
#include "base/process.hpp"
#include "tests/support/run_async.hpp"

namespace slipway {
namespace {

using namespace std::chrono_literals;

std::uint16_t unused_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  ::close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

std::string accounts() {
  const auto made =
      run_async(run_process(ProcessSpec("htpasswd", {"-Bbn", TestRegistry::user, TestRegistry::password})));
  if (!made || made->exit_code != 0) throw std::runtime_error("htpasswd failed");
  return made->output;
}

void write(const std::filesystem::path& path, const std::string& text) {
  const auto written = write_file(path, text);
  if (!written) throw std::runtime_error(written.error().message);
}

}  // namespace

struct TestRegistry::Running {
  std::filesystem::path folder = std::filesystem::temp_directory_path() / ("slipway-test-registry-" + random_hex(6));
  pid_t pid = 0;

  Running() { std::filesystem::create_directories(folder / "data"); }
  ~Running() {
    if (pid > 0) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  void start(const std::string& config) {
    const std::string log = (folder / "log").string();
    pid = ::fork();
    if (pid != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int fd = ::open(log.c_str(), O_CREAT | O_WRONLY, 0600);
    ::dup2(fd, 1);
    ::dup2(fd, 2);
    ::execlp("docker-registry", "docker-registry", "serve", config.c_str(), nullptr);
    ::_exit(127);
  }
};

TestRegistry::TestRegistry() : running_(std::make_unique<Running>()) {
  start(one_account());
}

TestRegistry::TestRegistry(const Listener& listener) : running_(std::make_unique<Running>()) {
  start(one_account(), "notifications: {endpoints: [{name: test, url: \"" + listener.url +
                           "\", headers: {Authorization: [\"" + listener.authorization +
                           "\"]}, timeout: 5s, threshold: 5, backoff: 1s}]}\n");
}

TestRegistry::TestRegistry(const std::string& auth) : running_(std::make_unique<Running>()) {
  start(auth);
}

std::string TestRegistry::one_account() const {
  const auto path = running_->folder / "htpasswd";
  write(path, accounts());
  return "{htpasswd: {realm: test, path: " + path.string() + "}}";
}

void TestRegistry::start(const std::string& auth, const std::string& more) {
  host_ = "127.0.0.1:" + std::to_string(unused_port());
  const auto& folder = running_->folder;
  write(folder / "config.yml",
        "version: 0.1\nlog: {level: warn}\nstorage: {filesystem: {rootdirectory: " + (folder / "data").string() +
            "}, delete: {enabled: true}}\nhttp: {addr: " + host_ + "}\nauth: " + auth + "\n" + more);
  running_->start((folder / "config.yml").string());
  const auto give_up = std::chrono::steady_clock::now() + 15s;
  while (true) {
    const auto answer = send_http(HttpRequest("GET", "http://" + host_ + "/v2/"));
    if (answer && answer->status == 401) return;
    if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error("docker-registry did not come up");
    run_async(sleep_for(20ms));
  }
}

TestRegistry::~TestRegistry() = default;

}  // namespace slipway
