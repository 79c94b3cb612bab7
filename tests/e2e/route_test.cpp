// A service behind slipway's proxies is updated and rolled back under load, through the two programs a user has.
#include <set>
#include <thread>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/files.hpp"
#include "tests/e2e/service.hpp"
#include "tests/e2e/world.hpp"

using namespace slipway;
using namespace slipway::e2e;

namespace {

/// Where the daemons of these tests have their proxies' image from.
void push_proxy_image() {
  const Folder folder;
  const std::string registry = required("SLIPWAY_TEST_REGISTRY");
  const std::string who = required("SLIPWAY_TEST_REGISTRY_USER") + ":" + required("SLIPWAY_TEST_REGISTRY_PASSWORD");
  const Json config = {{"auths", {{registry, {{"auth", to_base64(who)}}}}}};
  REQUIRE(write_file(folder.path() / "config.json", config.dump(), 0600));
  const std::string image = registry + "/e2e/haproxy:2.6";
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"tag", "haproxy:2.6", image}, {"push", image}, {"rmi", image}}) {
    std::vector<std::string> command{"docker"};
    command.insert(command.end(), words.begin(), words.end());
    const Ran ran =
        run(command, {{"DOCKER_CONFIG", folder.path().string()}, {"DOCKER_HOST", required("SLIPWAY_TEST_ENGINE")}});
    INFO(ran.err);
    REQUIRE(ran.code == 0);
  }
}

/// Asks each host in turn, on a thread of its own, until it goes.
class Visitors {
 public:
  explicit Visitors(const Service& service)
      : thread_([this, &service](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            for (const Host& host : rig_hosts()) {
              const std::string version = service.version_on(host);
              ++requests_;
              if (version.empty()) ++failures_;
              seen_.insert(version);
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
          }
        }) {}

  struct Count {
    int requests = 0, failures = 0;
    std::set<std::string> seen;
  };
  Count leave() {
    thread_.request_stop();
    thread_.join();
    return {requests_, failures_, seen_};
  }

 private:
  int requests_ = 0, failures_ = 0;
  std::set<std::string> seen_;
  std::jthread thread_;  // last: it uses the others
};

/// What slipway itself found while it rolled out, newest rollout first.
Json proofs(const Daemon& daemon, const std::string& application) {
  Json proofs = Json::array();
  for (const Json& rollout : daemon.slipway_json({"app", "history", application}))
    proofs.push_back(rollout.at("probes"));
  return proofs;
}

}  // namespace

TEST_CASE(
    "a service with a route is updated and rolled back under load without a dropped request, and its history proves "
    "it") {
  push_proxy_image();
  const Cleared cleared("e2e-routed");
  Daemon daemon;
  const Repository repository(daemon, "routed");
  const Service service = Service::behind_proxies(repository, "e2e-routed");
  const auto deployed = [&](const std::string& commit) {
    const Ran ran = daemon.slipway({"run", "watch", "-p", "routed", "--commit", commit, "--timeout", "180s"});
    INFO(ran.out << ran.err);
    CHECK(ran.code == 0);
    return ran.code == 0;
  };
  REQUIRE(deployed(service.push("one")));
  REQUIRE(service.versions() == std::vector<std::string>{"one", "one", "one"});

  Visitors visitors(service);
  const bool updated = deployed(service.push("two"));
  const std::vector<std::string> after_update = service.versions();
  const Ran rolled = daemon.slipway({"app", "rollback", service.name()});
  const Visitors::Count count = visitors.leave();
  INFO(rolled.out << rolled.err);
  REQUIRE(updated);
  CHECK(after_update == std::vector<std::string>{"two", "two", "two"});
  REQUIRE(rolled.code == 0);
  CHECK(service.versions() == std::vector<std::string>{"one", "one", "one"});
  CHECK(count.failures == 0);
  CHECK(count.requests > 100);
  CHECK(count.seen == std::set<std::string>{"one", "two"});

  const Json proved = proofs(daemon, service.name());
  REQUIRE(proved.size() == 3);
  for (std::size_t newest = 0; newest < 2; ++newest) {
    INFO(proved.dump(1));
    CHECK(proved[newest].at("requests") > 0);
    CHECK(proved[newest].at("failures") == 0);
    CHECK(proved[newest].at("stages").size() > 1);
  }
  const Ran history = daemon.slipway({"app", "history", service.name()});
  INFO(history.out);
  CHECK(history.out.find("0/" + proved[0].at("requests").dump()) != std::string::npos);
}
