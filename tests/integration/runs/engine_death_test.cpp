// Runs whose engine dies, hangs and comes back.
#include "orchestrator/store/images.hpp"
#include "tests/integration/runs/open_registry.hpp"
#include "tests/support/helper_engine.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

void let_pass(MiniDaemon& daemon, Duration time) {
  const auto over = std::chrono::steady_clock::now() + time;
  until(daemon, "a while", [&] { return std::chrono::steady_clock::now() > over; });
}

std::size_t running_steps(MiniDaemon& daemon, RunId id) {
  const auto attempts = daemon.attempts(id);
  return static_cast<std::size_t>(std::count_if(attempts.begin(), attempts.end(), [](const store::Attempt& attempt) {
    return attempt.state == store::AttemptState::running;
  }));
}

bool happened(MiniDaemon& daemon, RunId id, const std::string& kind) {
  const auto events = daemon.events(id);
  return std::find(events.begin(), events.end(), kind) != events.end();
}

/// An empty one before the run is planned.
store::Job job_of(MiniDaemon& daemon, RunId id, const std::string& name) {
  for (store::Job& job : daemon.jobs(id)) {
    if (job.name == name) return std::move(job);
  }
  return {};
}

std::map<std::string, std::string> pipeline(const std::string& jobs) {
  return {{"slipway.yml", "on: {push: {}}\njobs:\n" + jobs}};
}

constexpr auto kCount = "for i in $(seq 1 60); do echo line $i; sleep 0.1; done; printf end";

/// What kCount leaves in the log.
std::string counted() {
  std::string text = "+ " + std::string(kCount) + "\n";
  for (int i = 1; i <= 60; ++i) text += "line " + std::to_string(i) + "\n";
  return text + "end";
}

/// Of a step that runs kCount and passes while its engine, which has live-restore, ends by `signal` and is started
/// again.
std::string log_of_one_that_outlives(int signal) {
  HelperEngine helper("--live-restore");
  helper.load_busybox();
  const Site site;
  MiniDaemon daemon(site, helper.unix_endpoint());
  const RunId id = daemon.push(site.commit(
      pipeline("  unit:\n    image: busybox\n    network: none\n    run: [\"" + std::string(kCount) + "\"]\n")));
  until(daemon, "the step runs", [&] { return running_steps(daemon, id) == 1; });
  helper.restart_by(signal);
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  const auto attempts = daemon.attempts(id);
  REQUIRE(attempts.size() == 1);
  return daemon.log(id, attempts[0].log_name);
}

}  // namespace

TEST_CASE("a step whose engine dies is interrupted whatever it answers, and runs again only where that is declared") {
  const int signal = GENERATE(SIGKILL, SIGTERM);
  CAPTURE(signal);
  HelperEngine helper;
  helper.load_busybox();
  const Site site;
  MiniDaemon daemon(site, helper.unix_endpoint());
  const RunId id =
      daemon.push(site.commit(pipeline("  plain: {image: busybox, network: none, run: [\"sleep 1000\"]}\n"
                                       "  obliging:\n    image: busybox\n    network: none\n"
                                       "    run: [\"trap 'exit 0' TERM\", \"sleep 1000 & wait\"]\n"
                                       "  again:\n    image: busybox\n    network: none\n"
                                       "    retry: {max: 1, on: [interrupted]}\n    run: [\"sleep 15\"]\n"
                                       "  after: {image: busybox, network: none, needs: [again], run: [\"true\"]}\n")));
  until(daemon, "steps run", [&] { return running_steps(daemon, id) == 3; });
  const pid_t process = helper.pid();
  helper.signal(signal);
  until(daemon, "the engine is missed", [&] { return !daemon.service->engine_available(); });
  CHECK_FALSE(daemon.service->engine_trouble().empty());
  until(daemon, "it is told", [&] { return happened(daemon, id, "job.blocked"); });
  CHECK(happened(daemon, id, "engine.lost"));
  CHECK(job_of(daemon, id, "after").reason.starts_with("waits for the engine: "));
  helper.await_end(process);
  helper.start_again();

  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::interrupted);
  for (const std::string name : {"plain", "obliging"}) {
    const store::Job job = job_of(daemon, id, name);
    CAPTURE(name, job.reason);
    CHECK(job.verdict == store::Verdict::interrupted);
    CHECK(job.attempt == 1);
  }
  const store::Job again = job_of(daemon, id, "again");
  CHECK(again.verdict == store::Verdict::passed);
  CHECK(again.attempt == 2);
  CHECK(job_of(daemon, id, "after").verdict == store::Verdict::passed);
  CHECK(happened(daemon, id, "engine.back"));
}

TEST_CASE("a job whose service is still coming up when its engine dies is interrupted, and runs again where declared") {
  const int signal = GENERATE(SIGKILL, SIGTERM);
  CAPTURE(signal);
  HelperEngine helper;
  helper.load_busybox();
  const Site site;
  MiniDaemon daemon(site, helper.unix_endpoint());
  std::map<std::string, std::string> files = pipeline(
      "  plain: {image: busybox, services: [web], run: [\"true\"]}\n"
      "  again: {image: busybox, services: [web], retry: {max: 1, on: [interrupted]}, "
      "run: [\"true\"]}\n");
  files["slipway.yml"] +=
      "services:\n  web: {image: busybox, command: [sh, -c, \"trap 'exit 0' TERM; sleep 8 & wait; httpd -f -p 8080\"], "
      "ready: {port: 8080}}\n";
  const RunId id = daemon.push(site.commit(files));
  until(daemon, "services run", [&] { return running_steps(daemon, id) == 2; });
  helper.restart_by(signal);
  CHECK(daemon.wait(id).verdict == store::Verdict::interrupted);
  const store::Job plain = job_of(daemon, id, "plain");
  CHECK(plain.verdict == store::Verdict::interrupted);
  CHECK_THAT(plain.reason, Catch::StartsWith("service 'web' ended: "));
  const store::Job again = job_of(daemon, id, "again");
  CAPTURE(again.reason);
  CHECK(again.verdict == store::Verdict::passed);
  CHECK(again.attempt == 2);
}

TEST_CASE("with live restore a step outlives an engine that ends as it is told to, and its log is whole") {
  CHECK(log_of_one_that_outlives(SIGTERM) == counted());
}

// What such an engine has taken from the pipe and not yet written is lost with it, before slipway saw it.
TEST_CASE("with live restore a step outlives an engine that is killed and passes, whatever that took of its log") {
  (void)log_of_one_that_outlives(SIGKILL);
}

TEST_CASE("a step that ends while its engine hangs has passed, and nothing starts until the engine is back") {
  HelperEngine helper;
  helper.load_busybox();
  const Site site;
  MiniDaemon daemon(site, helper.unix_endpoint());
  const RunId id =
      daemon.push(site.commit(pipeline("  unit: {image: busybox, network: none, run: [\"sleep 4\"]}\n"
                                       "  after: {image: busybox, network: none, needs: [unit], run: [\"true\"]}\n")));
  until(daemon, "the step runs", [&] { return running_steps(daemon, id) == 1; });
  helper.signal(SIGSTOP);
  until(daemon, "the engine is missed", [&] { return !daemon.service->engine_available(); });
  const auto hung_for = std::chrono::steady_clock::now() + 3s;
  until(daemon, "a while", [&] { return std::chrono::steady_clock::now() > hung_for; });
  CHECK(daemon.attempts(id).size() == 1);
  helper.signal(SIGCONT);
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  CHECK(happened(daemon, id, "engine.lost"));
  CHECK(happened(daemon, id, "engine.back"));
}

TEST_CASE("an engine whose socket is gone is out, though its old connections live") {
  HelperEngine helper("--live-restore");
  helper.load_busybox();
  const Site site;
  MiniDaemon daemon(site, helper.unix_endpoint());
  const RunId id =
      daemon.push(site.commit(pipeline("  unit: {image: busybox, network: none, run: [\"sleep 15\"]}\n"
                                       "  after: {image: busybox, network: none, needs: [unit], run: [\"true\"]}\n"
                                       "  beside: {image: busybox, network: none, needs: [unit], run: [\"true\"]}\n")));
  until(daemon, "the step runs", [&] { return running_steps(daemon, id) == 1; });
  std::filesystem::remove(helper.folder() + "/docker.sock");
  until(daemon, "it is missed", [&] { return !daemon.service->engine_available(); });
  CHECK(daemon.service->engine_trouble().find("docker.sock") != std::string::npos);
  helper.restart_by(SIGTERM);
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
}

TEST_CASE("a step that a power cut ended together with slipway is interrupted, one that had passed has passed") {
  HelperEngine helper;
  helper.load_busybox();
  const Site site;
  const std::string commit =
      site.commit(pipeline("  unit:\n    image: busybox\n    network: none\n    steps:\n"
                           "      - {name: first, run: [\"true\"]}\n      - {name: second, run: [\"sleep 1000\"]}\n"));
  const auto until_the_second_step = [&](MiniDaemon& daemon) {
    const RunId id = daemon.push(commit);
    until(daemon, "the second step runs", [&] {
      const auto attempts = daemon.attempts(id);
      return attempts.size() == 2 && attempts[0].state == store::AttemptState::exited &&
             attempts[1].state == store::AttemptState::running;
    });
  };
  work_and_be_killed(site, until_the_second_step, helper.unix_endpoint());
  helper.cut_power();
  helper.start_again();

  MiniDaemon daemon(site, helper.unix_endpoint());
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::interrupted);
  const auto attempts = daemon.attempts(found);
  REQUIRE(attempts.size() == 2);
  CHECK(attempts[0].error.empty());
  CHECK(attempts[1].error.starts_with("interrupted: "));
}

TEST_CASE("a container that is stopped or removed by hand is interrupted, not failed and not passed") {
  const Site site;
  MiniDaemon daemon(site);
  const RunId id =
      daemon.push(site.commit(pipeline("  stopped:\n    image: busybox\n    network: none\n"
                                       "    run: [\"trap 'exit 0' TERM\", \"sleep 1000 & wait\"]\n"
                                       "  killed: {image: busybox, network: none, run: [\"sleep 1000\"]}\n"
                                       "  removed: {image: busybox, network: none, run: [\"sleep 1000\"]}\n")));
  until(daemon, "steps run", [&] { return running_steps(daemon, id) == 3; });
  for (const store::Attempt& attempt : daemon.attempts(id)) {
    const std::string verb = attempt.key.job == "stopped"  ? "docker stop "
                             : attempt.key.job == "killed" ? "docker kill "
                                                           : "docker rm -f ";
    site.shell(verb + attempt.container_name);
  }
  CHECK(daemon.wait(id).verdict == store::Verdict::interrupted);
  for (const std::string name : {"stopped", "killed", "removed"}) {
    const store::Job job = job_of(daemon, id, name);
    CAPTURE(name, job.reason);
    CHECK(job.verdict == store::Verdict::interrupted);
  }
}

TEST_CASE("a build that its engine's death cut off is run again from the commit") {
  HelperEngine helper;
  helper.load_busybox();
  const Site site;
  MiniDaemon daemon(site, helper.unix_endpoint());
  std::map<std::string, std::string> files =
      pipeline("  unit: {image: \"${{ images.app }}\", network: none, run: [\"test -f /made\"]}\n");
  files["slipway.yml"] += "images:\n  app: {context: .}\n";
  files["Dockerfile"] = "FROM busybox\nRUN sleep 4 && touch /made\n";
  const RunId id = daemon.push(site.commit(files));
  until(daemon, "the build runs", [&] { return job_of(daemon, id, "app").state == store::JobState::running; });
  let_pass(daemon, 2s);
  helper.restart_by(SIGKILL);
  const store::Run run = daemon.wait(id);
  const std::string log = daemon.log(id, build_log("app"));
  INFO(run.reason << log);
  CHECK(run.verdict == store::Verdict::passed);
  CHECK(log.find("it is run again") != std::string::npos);
}

TEST_CASE("a push that its engine's death cut off goes on, and what it pushed is what is recorded") {
  HelperEngine helper("--insecure-registry 198.18.0.0/15");
  helper.load_busybox();
  const Site site;
  const OpenRegistry registry(site, helper.gateway());
  MiniDaemon daemon(site, helper.unix_endpoint(),
                    [&](Settings& settings) { settings.registries.insecure.insert(registry.address()); });
  std::map<std::string, std::string> files =
      pipeline("  publish: {push: {image: app, to: " + registry.address() + "/shop/app, tags: [latest]}}\n");
  files["slipway.yml"] += "images:\n  app: {context: .}\n";
  files["Dockerfile"] = "FROM busybox\nRUN head -c 24000000 /dev/urandom > /ballast\n";
  helper.limit_upload("64mbit");
  const RunId id = daemon.push(site.commit(files));
  until(daemon, "the push begins", [&] { return job_of(daemon, id, "publish").state == store::JobState::running; });
  let_pass(daemon, 1500ms);
  helper.restart_by(SIGKILL);
  const store::Run run = daemon.wait(id);
  const std::string log = daemon.log(id, work_log("publish", 1));
  INFO(run.reason << log);
  CHECK(run.verdict == store::Verdict::passed);
  CHECK(log.find("the push was cut off") != std::string::npos);
  const auto pushes = daemon.run(daemon.store->read(&store::Images::pushed_by, id));
  REQUIRE(pushes);
  REQUIRE(pushes->size() == 1);
  CHECK((*pushes)[0].digest == registry.digest_of("shop/app", "latest"));
}

TEST_CASE("a step whose container's shim is killed has not passed, and what is left of it is cleaned up") {
  HelperEngine helper;
  helper.load_busybox();
  const Site site;
  MiniDaemon daemon(site, helper.unix_endpoint());
  const RunId id =
      daemon.push(site.commit(pipeline("  unit: {image: busybox, network: none, run: [\"sleep 1000\"]}\n")));
  until(daemon, "the step runs", [&] { return running_steps(daemon, id) == 1; });
  const std::string container = daemon.attempts(id)[0].container_id;
  site.shell("kill -9 $(pgrep -f '^[^ ]*containerd-shim.* -id " + container + "')");
  const store::Run run = daemon.wait(id);
  CAPTURE(run.reason);
  CHECK(run.verdict != store::Verdict::passed);
  until(daemon, "it is gone", [&] { return daemon.attempts(id)[0].state == store::AttemptState::removed; });
}
