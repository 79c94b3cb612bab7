// Runs that a daemon finds under way and that are to be stopped, or come to nothing.
#include <thread>

#include "orchestrator/store/sqlite_connection.hpp"
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

/// Built, pushed and deployed by the job "production".
std::map<std::string, std::string> of_deployment(const OpenRegistry& registry) {
  return {{"slipway.yml",
           "on: {push: {}}\nimages: {app: {context: .}}\njobs:\n"
           "  publish: {push: {image: app, to: " +
               registry.address() +
               "/shop/app, tags: [latest]}}\n"
               "  production: {needs: [publish], timeout: 1m, deploy: {file: compose.yml, images: {web: app}}}\n"},
          {"Dockerfile", "FROM busybox\n"},
          {"compose.yml", "name: shop\nservices:\n  web: {}\n"}};
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

/// In the journal; nothing else of the daemon is told.
void cancel(MiniDaemon& daemon, RunId id) {
  required(daemon.run(daemon.store->write(&store::Runs::cancel, id, std::string("ann"), daemon.clock.now())));
}

/// How far a step has counted, whose log is `head`, then every line from 0 on, then `end`; fails if it is anything
/// else.
int lines_counted(const std::string& log, const std::string& head, const std::string& end = {}) {
  std::string expected = head;
  int lines = 0;
  while (expected.size() + end.size() < log.size()) expected += "line " + std::to_string(lines++) + "\n";
  CHECK(log == expected + end);
  return lines;
}

/// Those of earlier jobs go in the background.
void await_removals(const Site& site, MiniDaemon& daemon) {
  until(daemon, "containers are removed", [&] { return left_of_runs(site).find("container ") == std::string::npos; });
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
  CHECK(lines_counted(daemon.log(found, "unit.run.a1"), "+ " + std::string(counter) + "\n") > 30);
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
  CHECK(jobs[0].reason == (cancelled ? "cancelled by ann" : "timeout of 2s"));
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
  const bool passed_on = GENERATE(false, true);  // to the step, which then takes a second to end
  CAPTURE(passed_on);
  const std::string trap = "trap 'trap : TERM; echo stops; sleep 1; echo bye; exit 1' TERM";
  const std::string commit =
      site.commit(of_one_job("  unit: {image: busybox, network: none, run: [\"" + trap + "\", \"" + counter + "\"]}\n" +
                             "  after: {needs: [unit], image: busybox, network: none, run: [\"true\"]}\n"));
  work_and_be_killed(site, [&](MiniDaemon& daemon) {
    const RunId id = daemon.push(commit);
    await_running(daemon, id);
    const auto has_written = [&](const std::string& line) {
      return daemon.log(id, "unit.run.a1").find("\n" + line + "\n") != std::string::npos;
    };
    until(daemon, "it counts", [&] { return has_written("line 0"); });
    cancel(daemon, id);
    if (!passed_on) return;
    daemon.service->stop(id, "cancelled by ann");
    until(daemon, "it is told to end", [&] { return has_written("stops"); });
  });

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  CHECK(run.verdict == store::Verdict::cancelled);
  CHECK(run.reason == "cancelled by ann");
  for (const store::Job& job : daemon.jobs(found)) {
    CAPTURE(job.name);
    CHECK(job.state == store::JobState::finished);
    CHECK(job.verdict == store::Verdict::cancelled);
  }
  lines_counted(daemon.log(found, "unit.run.a1"), "+ " + trap + "\n+ " + counter + "\n", "stops\nbye\n");
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
  cancel(daemon, RunId(1));
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
  const std::string commit = site.commit(of_deployment(registry));
  const auto until_it_deploys = [&](MiniDaemon& daemon) {
    daemon.deployer.goes_on = true;
    const RunId id = daemon.push(commit);
    until(daemon, "it deploys", [&] { return daemon.deployer.requests.size() == 1; });
    cancel(daemon, id);
  };
  work_and_be_killed(site, until_it_deploys);

  MiniDaemon daemon(site);
  daemon.deployer.goes_on = true;
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  CHECK(run.verdict == store::Verdict::cancelled);
  CHECK(run.reason == "cancelled by ann");
  const DeploymentKey key{found, "production", 1};
  CHECK(daemon.deployer.taken_up == std::vector<DeploymentKey>{key});
  CHECK(daemon.deployer.stopped == std::map<DeploymentKey, std::string>{{key, "cancelled by ann"}});
  CHECK(daemon.deployer.requests.empty());
  CHECK(daemon.log(found, "production.a1") == "deploying\n");
}

TEST_CASE(
    "a deployment that waits for people has the rest of its job's time afterwards, also if slipwayd dies meanwhile") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  const std::string commit = site.commit(of_deployment(registry));
  const auto until_it_waits = [&](MiniDaemon& daemon) {
    daemon.deployer.goes_on = true;
    const RunId id = daemon.push(commit);
    until(daemon, "it deploys", [&] { return daemon.deployer.requests.size() == 1; });
    std::this_thread::sleep_for(2s);
    daemon.deployer.waits_for = "people";
    until(daemon, "it waits", [&] { return daemon.jobs(id).at(2).state == store::JobState::blocked; });
  };
  work_and_be_killed(site, until_it_waits);

  MiniDaemon daemon(site);
  daemon.deployer.goes_on = true;
  daemon.deployer.waits_for = "other people";
  const RunId found = daemon.take_up_one();
  until(daemon, "it waits again", [&] { return daemon.jobs(found).at(2).reason == "other people"; });
  REQUIRE(daemon.jobs(found).at(2).time_left);
  CHECK(*daemon.jobs(found).at(2).time_left <= 58'000);
  daemon.deployer.waits_for = "";
  until(daemon, "it goes on", [&] { return daemon.jobs(found).at(2).state == store::JobState::running; });
  REQUIRE(daemon.jobs(found).at(2).deadline);
  CHECK(*daemon.jobs(found).at(2).deadline <= daemon.deadlines.now() + 58s);
  daemon.service->stop(found, "cancelled by ann");
  CHECK(daemon.wait(found).verdict == store::Verdict::cancelled);
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

TEST_CASE(
    "a step whose secret was replaced before it is taken up goes on, and its log has neither value and no line twice") {
  const Site site;
  const std::string commit =
      site.commit(of_one_job("  unit: {image: busybox, network: none, secrets: [TOKEN], run: [\"for i in $(seq 30); do "
                             "echo line $i $TOKEN; sleep 0.1; done\"]}\n"
                             "  after: {needs: [unit], image: busybox, network: none, secrets: [TOKEN], "
                             "run: [\"echo then $TOKEN\"]}\n"));
  const Secret old("hunter2-very-secret"), present("correct-horse");
  const auto until_it_has_said_so = [&](MiniDaemon& daemon) {
    daemon.secrets["TOKEN"] = old;
    const RunId id = daemon.push(commit);
    await_running(daemon, id);
    until(daemon, "a line is kept", [&] {
      const auto attempts = daemon.attempts(id);
      return !attempts.empty() && attempts[0].log.stored_offset > 0;
    });
  };
  work_and_be_killed(site, until_it_has_said_so);

  MiniDaemon daemon(site);
  daemon.secrets["TOKEN"] = present;
  daemon.former_secrets = {old};
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  std::string expected = "+ for i in $(seq 30); do echo line $i $TOKEN; sleep 0.1; done\n";
  for (int i = 1; i <= 30; ++i) expected += "line " + std::to_string(i) + " ***\n";
  CHECK(daemon.log(found, "unit.run.a1") == expected);
  CHECK(daemon.log(found, "after.run.a1") == "+ echo then $TOKEN\nthen ***\n");
  await_removals(site, daemon);
}

TEST_CASE("a run that is taken up while its mirror is busy is stopped at its deadline, or by whoever wants it to be") {
  const Site site;
  const std::string commit = site.commit(
      of_one_job("  unit: {image: busybox, network: none, timeout: 4s, run: [\"" + std::string(counter) + "\"]}\n"));
  work_and_be_killed(site, [&](MiniDaemon& daemon) { await_running(daemon, daemon.push(commit)); });
  site.shell("rm -rf work");

  MiniDaemon daemon(site);
  const auto mirror = daemon.git.locks->of((site.folder / "git" / "project-1.git").string());
  const auto held = daemon.run(hold(mirror));
  const RunId found = daemon.take_up_one();
  const bool is_stopped = GENERATE(false, true);
  if (is_stopped) daemon.service->stop(found, "cancelled by ann");
  const store::Run run = daemon.wait(found);
  INFO(run.reason);
  CHECK(run.verdict == (is_stopped ? store::Verdict::cancelled : store::Verdict::failed));
  CHECK(run.reason.find(is_stopped ? "cancelled by ann" : "timeout") != std::string::npos);
  await_removals(site, daemon);
}

TEST_CASE("a run that is taken up and has lost its mirror and its checkout gets both again") {
  const Site site;
  const std::string commit = site.commit(
      of_one_job("  unit: {image: busybox, network: none, run: [\"sleep 2\"]}\n"
                 "  after: {needs: [unit], image: busybox, network: none, run: [\"test -s slipway.yml\"]}\n"));
  work_and_be_killed(site, [&](MiniDaemon& daemon) { await_running(daemon, daemon.push(commit)); });
  site.shell("rm -rf git work");

  MiniDaemon daemon(site);
  const store::Run run = daemon.wait(daemon.take_up_one());
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  await_removals(site, daemon);
}

TEST_CASE("a job whose image nobody knows any more when it is taken up is ended as an error, all of its logs whole") {
  const Site site;
  const std::string commit =
      site.commit({{"slipway.yml",
                    "on: {push: {}}\n"
                    "images: {app: {context: .}}\n"
                    "services: {db: {image: busybox, command: [sh, -c, \"" +
                        std::string(counter) +
                        "\"], ready: {log: line 0}}}\n"
                        "jobs:\n  unit: {image: \"${{ images.app }}\", services: [db], run: [\"" +
                        std::string(counter) + "\"]}\n"},
                   {"Dockerfile", "FROM busybox\n"}});
  work_and_be_killed(site, [&](MiniDaemon& daemon) { await_running(daemon, daemon.push(commit)); });
  store::SqliteConnection(site.folder / "store" / "slipway.db", store::SqliteConnection::Access::write)
      .execute("DELETE FROM built_images");
  std::this_thread::sleep_for(3s);

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  CHECK(run.verdict == store::Verdict::error);
  CHECK(run.reason.find("image 'app' has not been built") != std::string::npos);
  // They wrote on while nobody was there.
  CHECK(lines_counted(daemon.log(found, "unit.run.a1"), "+ " + std::string(counter) + "\n") > 20);
  await_removals(site, daemon);
  CHECK(lines_counted(daemon.log(found, "unit.db.a1"), "") > 20);
}
