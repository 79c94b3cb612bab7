#include <catch2/catch.hpp>

#include "tests/integration/daemon/live_daemon.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

Ran health_of(const LiveDaemon& daemon, const std::filesystem::path& data, const std::string& listen) {
  return run_program({SLIPWAYD_PATH, "healthcheck", "--data", data.string(), "--listen",
                      listen + ":" + std::to_string(daemon.port())});
}

}  // namespace

TEST_CASE("slipwayd listens on an IPv6 address, where its health check and the command line reach it") {
  if (!std::filesystem::exists("/proc/net/if_inet6")) {
    WARN("not tried: this machine has no IPv6");
    return;
  }
  const Folder folder;
  const std::string address = GENERATE("[::1]", "[::]");
  CAPTURE(address);
  const LiveDaemon daemon(folder.path() / "data", {}, {}, "unix:///nonexistent/engine.sock", 0, address);
  const Ran health = health_of(daemon, folder.path() / "data", address);
  INFO(health.err);
  // Without an engine it is ready only until it has noticed; either way it was reached.
  CHECK((health.code == 0 || health.err.find("slipwayd: not ready: {") != std::string::npos));
  CHECK_THAT(daemon.output(), Catch::Contains("slipway login --url http://" + address + ":"));
  CHECK(daemon.slipway({"project", "list"}).code == 0);
}
