// Runs that a daemon finds under way and that are to be stopped, or come to nothing.
#include <thread>

#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/integration/runs/open_registry.hpp"
#include "tests/integration/runs/required.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

constexpr auto counter = "i=0; while :; do echo line $i; i=$((i+1)); sleep 0.1; done";

std::map<std::string, std::string> of_one_job(const std::string& job) {
  return {{"slipway.yml", "on: {push: {}}\njobs:\n" + job}};
}

std::size_t running(MiniDaemon& daemon, RunId id) {
  const auto attempts = daemon.attempts(id);
  return static_cast<std::size_t>(std::count_if(attempts.begin(), attempts.end(), [](const store::Attempt& attempt) {
    return attempt.role == store::ContainerRole::step && attempt.state == store::AttemptState::running;
  }));
}

void await_running(MiniDaemon& daemon, RunId id) {
  until(daemon, "a step runs", [&] { return running(daemon, id) == 1; });
}

std::string containers(const Site& site, MiniDaemon& daemon) {
  return site.shell("docker ps -a --format '{{.Names}}' --filter label=dev.slipway.run --filter " +
                    ("label=dev.slipway.instance=" + daemon.store->instance()));
}

/// Those of earlier jobs go in the background.
void await_removals(const Site& site, MiniDaemon& daemon) {
  until(daemon, "containers are removed", [&] { return containers(site, daemon).empty(); });
}

}  // namespace

TEST_CASE("a step whose deadline passed while no daemon was there is stopped with its log whole, then tried again") {
  const Site site;
  const bool again = GENERATE(false, true);
  const std::string commit = site.commit(of_one_job("  unit: {image: busybox, network: none, timeout: 2s, retry: " +
                                                    std::to_string(again ? 1 : 0) + ", run: [\"" + counter + "\"]}\n"));
  work_and_be_killed(site, [&](MiniDaemon& daemon) { await_running(daemon, daemon.push(commit)); });
  std::this_thread::sleep_for(3s);

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason.find("timeout") != std::string::npos);
  const auto attempts = daemon.attempts(found);
  REQUIRE(attempts.size() == (again ? 2 : 1));
  // It wrote on while nobody was there.
  const std::string log = daemon.log(found, "unit.run.a1");
  CHECK(log.find("\nline 30\n") != std::string::npos);
  REQUIRE(attempts[0].finished);
  CHECK(attempts[0].error.find("timeout") != std::string::npos);
  if (again) CHECK(attempts[1].created >= *attempts[0].finished);
  await_removals(site, daemon);
}

TEST_CASE("a step that was told to stop has not passed, though it ended with 0 after its daemon was killed") {
  const Site site;
  // By its timeout, or by somebody who cancels the run.
  const bool cancelled = GENERATE(false, true);
  const std::string commit = site.commit(
      of_one_job("  unit: {image: busybox, network: none, timeout: " + std::string(cancelled ? "10m" : "2s") +
                 ", run: [\"trap 'echo bye; sleep 1; exit 0' TERM\", \"" + counter + "\"]}\n" +
                 "  after: {needs: [unit], image: busybox, network: none, run: [\"true\"]}\n"));
  const auto until_it_is_told = [&](MiniDaemon& daemon) {
    const RunId id = daemon.push(commit);
    await_running(daemon, id);
    if (cancelled) {
      required(daemon.run(daemon.store->write(&store::Runs::cancel, id, std::string("ann"), daemon.clock.now())));
      daemon.service->stop(id, "cancelled by ann");
    }
    until(daemon, "it is told to stop",
          [&] { return daemon.log(id, "unit.run.a1").find("\nbye\n") != std::string::npos; });
  };
  work_and_be_killed(site, until_it_is_told);
  std::this_thread::sleep_for(2s);  // it ends well, unseen

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  CAPTURE(cancelled, run.reason);
  CHECK(run.verdict == (cancelled ? store::Verdict::cancelled : store::Verdict::failed));
  const auto jobs = daemon.jobs(found);
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].verdict == run.verdict);
  CHECK(jobs[0].reason == (cancelled ? "cancelled by ann" : "timeout"));
  CHECK(jobs[1].attempt == 0);
  const auto attempts = daemon.attempts(found);
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].exit_code == 0);
  CHECK_FALSE(attempts[0].error.empty());
  await_removals(site, daemon);
}

TEST_CASE("a step that ended by itself while no daemon was there keeps its own result, however late it is found") {
  const Site site;
  const std::string commit =
      site.commit(of_one_job("  unit: {image: busybox, network: none, timeout: 3s, run: [\"sleep 1; echo done\"]}\n"));
  work_and_be_killed(site, [&](MiniDaemon& daemon) { await_running(daemon, daemon.push(commit)); });
  std::this_thread::sleep_for(4s);

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  CHECK(daemon.log(found, "unit.run.a1").ends_with("done\n"));
}

TEST_CASE("a run that was being cancelled when its daemon was killed is stopped by the next one, and then has ended") {
  const Site site;
  const std::string commit = site.commit(of_one_job(
      "  unit: {image: busybox, network: none, run: [\"trap 'echo bye; exit 1' TERM\", \"" + std::string(counter) +
      "\"]}\n" + "  after: {needs: [unit], image: busybox, network: none, run: [\"true\"]}\n"));
  work_and_be_killed(site, [&](MiniDaemon& daemon) { await_running(daemon, daemon.push(commit)); });

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  daemon.service->stop(found, "cancelled by ann");
  const store::Run run = daemon.wait(found);
  CHECK(run.verdict == store::Verdict::cancelled);
  CHECK(run.reason == "cancelled by ann");
  for (const store::Job& job : daemon.jobs(found)) {
    CAPTURE(job.name);
    CHECK(job.state == store::JobState::finished);
    CHECK(job.verdict == store::Verdict::cancelled);
  }
  CHECK(daemon.log(found, "unit.run.a1").ends_with("\nbye\n"));
  await_removals(site, daemon);
}

TEST_CASE("a run that is found under way and was to stop begins nothing more, and says who stopped it") {
  const Site site;
  const std::string commit =
      site.commit(of_one_job("  unit: {image: busybox, network: none, run: [\"sleep 1\"]}\n"
                             "  after: {needs: [unit], image: busybox, network: none, run: [\"true\"]}\n"));
  work_and_be_killed(site, [&](MiniDaemon& daemon) { await_running(daemon, daemon.push(commit)); });
  std::this_thread::sleep_for(2s);  // the step passes, unseen

  MiniDaemon daemon(site);
  required(daemon.run(daemon.store->write(&store::Runs::cancel, RunId(1), std::string("ann"), daemon.clock.now())));
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  CHECK(run.verdict == store::Verdict::cancelled);
  CHECK(run.reason == "cancelled by ann");
  for (const store::Attempt& attempt : daemon.attempts(found)) CHECK(attempt.key.job == "unit");
  await_removals(site, daemon);
}

TEST_CASE("a deployment under way is told of a cancellation that its daemon did not live to pass on") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  const std::string commit =
      site.commit({{"slipway.yml",
                    "on: {push: {}}\nimages: {app: {context: .}}\njobs:\n"
                    "  publish: {push: {image: app, to: " +
                        registry.address() +
                        "/shop/app, tags: [latest]}}\n"
                        "  production: {needs: [publish], deploy: {file: compose.yml, images: {web: app}}}\n"},
                   {"Dockerfile", "FROM busybox\n"},
                   {"compose.yml", "name: shop\nservices:\n  web: {}\n"}});
  const auto until_it_deploys = [&](MiniDaemon& daemon) {
    daemon.deployer.goes_on = true;
    daemon.push(commit);
    until(daemon, "it deploys", [&] { return daemon.deployer.requests.size() == 1; });
  };
  work_and_be_killed(site, until_it_deploys);

  MiniDaemon daemon(site);
  daemon.deployer.goes_on = true;
  const RunId found = daemon.take_up_one();
  daemon.service->stop(found, "cancelled by ann");
  CHECK(daemon.wait(found).verdict == store::Verdict::cancelled);
  const DeploymentKey key{found, "production", 1};
  CHECK(daemon.deployer.taken_up == std::vector<DeploymentKey>{key});
  CHECK(daemon.deployer.stopped == std::set<DeploymentKey>{key});
  CHECK(daemon.deployer.requests.empty());
}

TEST_CASE("a service that has ended after it was ready is no reason to end the job that is taken up") {
  const Site site;
  const std::string commit =
      site.commit({{"slipway.yml",
                    "on: {push: {}}\n"
                    "services: {seed: {image: busybox, command: [sh, -c, \"echo seeded\"], ready: {log: seeded}}}\n"
                    "jobs:\n  unit: {image: busybox, services: [seed], run: [\"sleep 3; echo done\"]}\n"}});
  const auto until_it_is_seeded = [&](MiniDaemon& daemon) {
    const RunId id = daemon.push(commit);
    until(daemon, "the service has ended", [&] {
      const auto attempts = daemon.attempts(id);
      return running(daemon, id) == 1 && std::any_of(attempts.begin(), attempts.end(), [](const auto& attempt) {
               return attempt.role == store::ContainerRole::service && attempt.state == store::AttemptState::exited;
             });
    });
  };
  work_and_be_killed(site, until_it_is_seeded);

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  CHECK(daemon.log(found, "unit.run.a1").ends_with("done\n"));
  await_removals(site, daemon);
}

TEST_CASE("a step whose secret is gone when it is taken up is ended at once, and nothing of it stays") {
  const Site site;
  const std::string commit = site.commit(of_one_job(
      "  unit: {image: busybox, network: none, secrets: [TOKEN], run: [\"" + std::string(counter) + "\"]}\n"));
  const auto until_it_runs = [&](MiniDaemon& daemon) {
    daemon.secrets["TOKEN"] = Secret("hunter2-very-secret");
    await_running(daemon, daemon.push(commit));
  };
  work_and_be_killed(site, until_it_runs);

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason.find("the project has no secret 'TOKEN'") != std::string::npos);
  await_removals(site, daemon);
}
