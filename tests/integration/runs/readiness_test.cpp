// What `ready: {healthcheck: true}` does with the health check of a service's image.
#include <catch2/catch.hpp>

#include "tests/integration/runs/mini_daemon.hpp"

using namespace slipway;
using namespace slipway::runs;

namespace {

/// A run of one step that needs the service `db` of this image to be healthy.
store::Run run_with_service(const Site& site, MiniDaemon& daemon, const std::string& dockerfile,
                            const std::string& step) {
  return daemon.wait(
      daemon.push(site.commit({{"slipway.yml",
                                "on: {push: {}}\n"
                                "images:\n"
                                "  db: {context: .}\n"
                                "services:\n"
                                "  db: {image: \"${{ images.db }}\", ready: {healthcheck: true, timeout: 60s}}\n"
                                "jobs:\n"
                                "  unit: {image: busybox, services: [db], run: [\"" +
                                    step + "\"]}\n"},
                               {"Dockerfile", "FROM busybox\n" + dockerfile}})));
}

}  // namespace

TEST_CASE("the steps begin when the health check of a service's image says that it is healthy") {
  const Site site;
  MiniDaemon daemon(site);
  // It listens long before it is well, and what it serves tells the two apart.
  const store::Run run = run_with_service(site, daemon,
                                          "HEALTHCHECK --interval=1s --retries=60 CMD grep -q well /www/index.html\n"
                                          "CMD mkdir /www; echo ill > /www/index.html; httpd -p 8080 -h /www; sleep 4; "
                                          "echo well > /www/index.html; sleep 1000\n",
                                          "wget -qO- http://db:8080/");
  INFO(run.reason);
  REQUIRE(run.verdict == store::Verdict::passed);
  int steps = 0;
  for (const store::Attempt& attempt : daemon.attempts(run.id)) {
    if (attempt.role != store::ContainerRole::step) continue;
    ++steps;
    CHECK_THAT(daemon.log(run.id, attempt.log_name), Catch::EndsWith("\nwell\n"));
  }
  CHECK(steps == 1);
}

TEST_CASE("a service that is to be healthy fails the job at once where its image has no health check, and says so") {
  const Site site;
  MiniDaemon daemon(site);
  const store::Run run = run_with_service(site, daemon, "CMD sleep 1000\n", "true");
  CHECK(run.verdict == store::Verdict::failed);
  CHECK_THAT(run.reason, Catch::Contains("service 'db' has no health check to wait for: its image defines none"));
}
