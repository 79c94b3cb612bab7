#include "orchestrator/daemon/service_manager.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "images/file_descriptor.hpp"

namespace slipway::daemon {

Result<void> tell_service_manager(const std::string& state) {
  const char* given = std::getenv("NOTIFY_SOCKET");
  const std::string name = given ? given : "";
  if (name.empty()) return {};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if ((name.front() != '/' && name.front() != '@') || name.size() >= sizeof address.sun_path)
    return fail(Error::Kind::invalid, "NOTIFY_SOCKET: '" + name + "' is no address of a Unix socket");
  name.copy(address.sun_path, name.size());
  if (name.front() == '@') address.sun_path[0] = '\0';  // an abstract one, whose length counts
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());

  const images::FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  const timeval limit{2, 0};
  if (!socket || ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0 ||
      ::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
               length) < 0) {
    return fail(Error::Kind::unavailable, "NOTIFY_SOCKET: " + name + ": " + std::strerror(errno));
  }
  return {};
}

}  // namespace slipway::daemon
