#include <csignal>

#include "tests/integration/daemon/site.hpp"
#include "tests/support/helper_engine.hpp"

using namespace slipway;
using namespace slipway::daemon;
using namespace std::chrono_literals;

TEST_CASE("a run that somebody cancelled just before slipwayd was killed is cancelled by the next one") {
  const int wait = GENERATE(0, 1);
  const Folder folder;
  Site site(folder, "sleep 1000");
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  REQUIRE(site.daemon->send("POST", "/api/v1/runs/" + std::to_string(id) + "/cancel").status == 202);
  std::this_thread::sleep_for(std::chrono::seconds(wait));
  ::kill(site.daemon->pid(), SIGKILL);
  site.start();
  const auto began = std::chrono::steady_clock::now();
  const Json run = site.finished(id);
  CAPTURE(dump_json(run));
  CHECK(run["verdict"] == "cancelled");
  CHECK(run["reason"] == "cancelled by admin");
  CHECK(std::chrono::steady_clock::now() - began < 30s);
}

TEST_CASE("a step that slipwayd finds again is told in the run's view") {
  const Folder folder;
  Site site(folder, "sleep 3; echo done");
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  ::kill(site.daemon->pid(), SIGKILL);
  site.start();
  const Json run = site.finished(id);
  CAPTURE(dump_json(run));
  CHECK(run["verdict"] == "passed");
  CHECK(run["incidents"][0]["kind"] == "step.reattached");
  const Ran view = site.daemon->slipway({"run", "view", std::to_string(id)});
  CHECK(view.out.find("reattached after a restart of slipwayd") != std::string::npos);
}

TEST_CASE("a secret that is replaced while a step writes it stays masked in that step's log after a restart") {
  const Folder folder;
  Site site(folder, "for i in $(seq 40); do echo hunter2-very-secret; sleep 0.1; done");
  const auto set = [&](const std::string& value) {
    const Json body{{"value", value}};
    REQUIRE(site.daemon->send("PUT", "/api/v1/projects/shop/secrets/TOKEN", body).status == 200);
  };
  set("hunter2-very-secret");
  const std::int64_t id = site.trigger_at_last();
  site.until_step_runs(id);
  set("correct-horse");
  ::kill(site.daemon->pid(), SIGKILL);
  site.start();
  const Json run = site.finished(id);
  CAPTURE(dump_json(run));
  CHECK(run["verdict"] == "passed");
  const std::string log = site.log(run);
  CHECK(log.find("***") != std::string::npos);
  CHECK(log.find("hunter2") == std::string::npos);
}

TEST_CASE("while the engine is out runs are queued, everybody is told why they wait, and they start when it is back") {
  HelperEngine helper;
  helper.load_busybox();
  const Folder folder;
  Site site(folder, "echo done", {}, "unix://" + helper.folder() + "/docker.sock");
  site.until_healthy();
  const pid_t process = helper.pid();
  helper.signal(SIGKILL);
  helper.await_end(process);
  std::string notices;
  for (int i = 0; i < 100 && notices.empty(); ++i) {
    std::this_thread::sleep_for(100ms);
    notices = site.daemon->slipway({"run", "list"}).err;
  }
  CHECK(notices.find("nothing new starts until it answers") != std::string::npos);
  const std::int64_t id = site.trigger_at_last();
  std::this_thread::sleep_for(2s);
  CHECK(site.run_of(id)["state"] == "queued");
  const Ran view = site.daemon->slipway({"run", "view", std::to_string(id)});
  CHECK(view.out.find("queued") != std::string::npos);
  CHECK(view.err.find("engine: ") != std::string::npos);
  helper.start_again();
  CHECK(site.finished(id)["verdict"] == "passed");
  site.until_healthy();
  CHECK(site.daemon->slipway({"run", "view", std::to_string(id)}).err.empty());
}

TEST_CASE("the engine for builds and steps may be another machine's, by TLS") {
  HelperEngine helper;
  helper.load_busybox();
  const docker::Endpoint engine = helper.tls_endpoint();
  const Folder folder;
  Site site(folder, "echo done");
  const std::string settings = "git: {allow_local: true}\nengine: {endpoint: \"" + engine.text() +
                               "\", ca: " + engine.tls.ca + ", cert: " + engine.tls.certificate +
                               ", key: " + engine.tls.key + "}\n";
  REQUIRE(write_file(folder.path() / "slipwayd.yml", settings));
  const std::string token = site.daemon->token();
  site.daemon.reset();
  site.daemon = std::make_unique<LiveDaemon>(folder.path() / "data", token, site.environment, "");
  const Json run = site.finished(site.trigger_at_last());
  INFO(dump_json(run) << site.daemon->output());
  CHECK(run["verdict"] == "passed");
  CHECK(site.log(run).find("done") != std::string::npos);
  // It was that one: without it there is none.
  const pid_t process = helper.pid();
  helper.signal(SIGKILL);
  helper.await_end(process);
  std::string status = "ok";
  for (int i = 0; i < 100 && status == "ok"; ++i) {
    std::this_thread::sleep_for(100ms);
    status = (*parse_json(site.daemon->send("GET", "/healthz").body))["status"].get<std::string>();
  }
  CHECK(status != "ok");
}
