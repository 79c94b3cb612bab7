// A deployment that waits for somebody's word, through the two programs a user has.
#include <algorithm>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/e2e/service.hpp"
#include "tests/e2e/world.hpp"

using namespace slipway;
using namespace slipway::e2e;

TEST_CASE(
    "a deployment waits for a person with the role, outlives the daemon's death, and goes on with what was approved") {
  const Cleared cleared("e2e-approval");
  Daemon daemon;
  const Repository repository(daemon, "approval");
  const Service service(repository, "e2e-approval", 18087);
  const auto watch = [&](const std::string& commit) {
    return daemon.slipway({"run", "watch", "-p", "approval", "--commit", commit, "--timeout", "120s"}).code;
  };
  REQUIRE(watch(service.push("one")) == 0);
  const std::string commit = service.push("two", "true", "  approval: {roles: [release], timeout: 10m}\n");
  CHECK(await_blocked(daemon, "approval", commit, "production").starts_with("waits for approval by release until "));

  const Json waiting = daemon.slipway_json({"app", "status", "e2e-approval"}).at("waiting").at(0);
  CHECK(waiting.at("generation") == 2);
  CHECK(waiting.at("images").at("web") == service.image() + "@" + service.digest_of_tag("latest"));
  const Ran refused = daemon.slipway({"app", "approve", "e2e-approval"});
  CHECK(refused.code == 4);
  CHECK(refused.err.find("this needs the role release") != std::string::npos);

  daemon.kill_hard();
  daemon.start();
  CHECK(await_blocked(daemon, "approval", commit, "production").starts_with("waits for approval by release until "));
  CHECK(service.versions() == std::vector<std::string>{"one", "one", "one"});
  const Json token = daemon.slipway_json({"token", "create", "rita", "--role", "viewer", "--role", "release"});
  const Ran approved =
      daemon.slipway({"--token", token.at("token").get<std::string>(), "app", "approve", "e2e-approval"});
  INFO(approved.err);
  REQUIRE(approved.code == 0);
  CHECK(approved.err.find(waiting.at("images").at("web").get<std::string>()) != std::string::npos);
  CHECK(watch(commit) == 0);
  CHECK(service.versions() == std::vector<std::string>{"two", "two", "two"});

  const Json audit = daemon.slipway_json({"app", "audit", "e2e-approval"}).at(0);
  CHECK(audit.at("evidence").at("commit") == commit);
  CHECK(audit.at("evidence").at("pushes").at(0).at("digest") == service.digest_of_tag("latest"));
  const Json& jobs = audit.at("evidence").at("jobs");
  CHECK(std::any_of(jobs.begin(), jobs.end(),
                    [](const Json& job) { return job.at("name") == "unit" && job.at("verdict") == "passed"; }));
  int committed = 0;
  bool by_rita = false;
  for (const Json& entry : audit.at("entries")) {
    if (entry.at("what") == "committed" && entry.at("fence") == audit.at("fence")) ++committed;
    by_rita = by_rita || (entry.at("who") == "rita" && entry.at("what") == "app.approve");
  }
  CHECK(committed == 3);
  CHECK(by_rita);
}
