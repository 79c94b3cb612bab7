// A service on hosts that are reached over ssh, through the two programs a user has.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/e2e/service.hpp"
#include "tests/e2e/world.hpp"
#include "tests/support/ssh_server.hpp"

using namespace slipway;
using namespace slipway::e2e;

namespace {

using OnHosts = std::vector<std::string>;

/// The socket of a host's engine, which ssh finds on this machine.
std::string socket_of(const Host& host) {
  const int number = std::stoi(host.address.substr(host.address.rfind('.') + 1)) - 10;
  return required("SLIPWAY_TEST_RIG") + "/hosts/h" + std::to_string(number) + "/docker.sock";
}

/// The settings' hosts over `server`, with its key and the host keys in its file of that name.
Daemon::Adjust over(const SshServer& server, const std::string& known_hosts) {
  return [&server, known_hosts](Json& settings, const std::filesystem::path& folder) {
    const std::filesystem::path keys = folder / "tls";
    for (const std::string& file : {std::string("id"), known_hosts}) {
      std::filesystem::copy_file(server.folder() + "/" + file, keys / file);
    }
    settings["hosts"] = Json::object();
    for (const Host& host : rig_hosts()) {
      settings["hosts"][host.name] = {{"endpoint", server.url(socket_of(host))},
                                      {"address", host.address},
                                      {"groups", Json::array({"production"})},
                                      {"identity", (keys / "id").string()},
                                      {"known_hosts", (keys / known_hosts).string()}};
    }
  };
}

}  // namespace

TEST_CASE("a service is rolled out to hosts that are reached over ssh, updated there and rolled back") {
  const Cleared cleared("e2e-ssh");
  const SshServer server(free_port());
  const Daemon daemon(over(server, "known"));
  const Repository repository(daemon, "ssh");
  const Service service(repository, "e2e-ssh", 18088);
  const auto roll_out = [&](const std::string& version) {
    const Ran watched =
        daemon.slipway({"run", "watch", "-p", "ssh", "--commit", service.push(version), "--timeout", "180s"});
    INFO(watched.out << watched.err);
    REQUIRE(watched.code == 0);
  };
  roll_out("one");
  CHECK(service.versions() == OnHosts{"one", "one", "one"});
  roll_out("two");
  CHECK(service.versions() == OnHosts{"two", "two", "two"});
  const Ran rolled = daemon.slipway({"app", "rollback", "e2e-ssh"});
  INFO(rolled.out << rolled.err);
  REQUIRE(rolled.code == 0);
  CHECK(service.versions() == OnHosts{"one", "one", "one"});
  const Json hosts = daemon.slipway_json({"host", "list"});
  CHECK(hosts.size() == 3);
  for (const Json& host : hosts) {
    CHECK_THAT(host.at("endpoint").get<std::string>(), Catch::StartsWith("ssh://root@127.0.0.1:"));
    CHECK(host.at("state") == "ok");
  }
}

TEST_CASE("a host that shows another key than the settings' known_hosts has is not spoken to, and that is said") {
  const SshServer server(free_port());
  const Daemon daemon(over(server, "other"));
  const Json hosts = daemon.slipway_json({"host", "list"});
  CHECK(hosts.size() == 3);
  for (const Json& host : hosts) {
    CHECK(host.at("state") == "unreachable");
    CHECK_THAT(host.at("reason").get<std::string>(), Catch::Contains("Host key verification failed"));
  }
}
