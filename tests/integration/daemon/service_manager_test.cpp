// slipwayd as a service manager sees it that starts it with NOTIFY_SOCKET.
#include <cstddef>
#include <cstring>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/ids.hpp"
#include "tests/integration/daemon/live_daemon.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

/// The socket of a service manager; a name that begins with '@' is abstract.
class ServiceManager {
 public:
  explicit ServiceManager(std::string name)
      : name_(std::move(name)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(name_.size() < sizeof address.sun_path);
    name_.copy(address.sun_path, name_.size());
    if (name_.front() == '@') address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name_.size());
    REQUIRE(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), length) == 0);
  }
  ServiceManager(const ServiceManager&) = delete;
  ~ServiceManager() { ::close(socket_); }

  [[nodiscard]] std::map<std::string, std::string> environment() const { return {{"NOTIFY_SOCKET", name_}}; }
  /// What it is told next; empty if that is nothing for so long.
  [[nodiscard]] std::string told(int seconds) const {
    const timeval limit{seconds, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char text[200];
    const ssize_t size = ::recv(socket_, text, sizeof text, 0);
    return size > 0 ? std::string(text, static_cast<std::size_t>(size)) : std::string();
  }

 private:
  std::string name_;
  int socket_;
};

}  // namespace

TEST_CASE("a service manager is told when slipwayd serves and when it stops, at a path or an abstract address") {
  const Folder folder;
  const std::string name = GENERATE(std::string("/notify"), std::string("@slipway-test-"));
  CAPTURE(name);
  const ServiceManager manager(name.front() == '@' ? name + random_hex(6) : folder.path().string() + name);
  LiveDaemon daemon(folder.path() / "data", {}, manager.environment());
  CHECK(manager.told(20) == "READY=1");
  CHECK(daemon.stop() == 0);
  CHECK(manager.told(1) == "STOPPING=1");
  CHECK(manager.told(1).empty());
}

TEST_CASE("a slipwayd that can't start tells no service manager that it serves") {
  const Folder folder;
  const LiveDaemon other(folder.path() / "other");
  const ServiceManager manager(folder.path().string() + "/notify");
  CHECK_THROWS(
      LiveDaemon(folder.path() / "data", {}, manager.environment(), "unix:///nonexistent/engine.sock", other.port()));
  CHECK(manager.told(1).empty());
}

TEST_CASE("a service manager that is gone, or an address that is none, keeps slipwayd from nothing") {
  const Folder folder;
  const std::string address =
      GENERATE(std::string("/nonexistent/notify"), std::string("vsock:2:1234"), std::string(200, '/'));
  LiveDaemon daemon(folder.path() / "data", {}, {{"NOTIFY_SOCKET", address}});
  CHECK(daemon.stop() == 0);
  CHECK(daemon.output().find("the service manager is not told") != std::string::npos);
}
