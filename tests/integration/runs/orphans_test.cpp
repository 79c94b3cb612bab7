// What jobs leave behind while their run goes on.
#include <array>
#include <set>

#include "orchestrator/store/jobs.hpp"
#include "orchestrator/store/runs.hpp"
#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/integration/runs/required.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

/// A run under way with these jobs, which nobody drives.
RunId add_undriven_run(Bench& bench, const std::vector<std::string>& names) {
  store::Run row;
  row.project = ProjectId(1);
  row.commit = std::string(40, 'a');
  const RunId id = required(bench.run(bench.store->write(&store::Runs::add, std::move(row))));
  const Time now = bench.clock.now();
  required(bench.run(bench.store->write(&store::Runs::prepare, id, now)));
  std::vector<store::Job> jobs;
  for (const std::string& name : names) jobs.emplace_back().name = name;
  required(bench.run(bench.store->write(&store::Runs::start, id, std::string("{}"), std::move(jobs), now, now)));
  return id;
}

void begin_job(Bench& bench, RunId run, const std::string& name, std::int64_t attempt) {
  store::JobKey key(run, store::JobKind::run, name);
  const Time now = bench.clock.now();
  required(bench.run(bench.store->write(&store::Jobs::start_attempt, std::move(key), attempt, now + 1h, now)));
}

void end_job(Bench& bench, RunId run, const std::string& name) {
  store::JobKey key(run, store::JobKind::run, name);
  required(bench.run(bench.store->write(&store::Jobs::finish, std::move(key), store::Verdict::passed, std::string(),
                                        bench.clock.now())));
}

/// A step's container and a volume as a job's attempt has them, and the step in the journal.
void leave(Bench& bench, RunId run, const std::string& job, int number) {
  const AttemptName name(bench.instance, run, job, number);
  docker::ContainerSpec spec("busybox:latest");
  spec.command = {"true"};
  spec.name = name.container("run");
  spec.labels = name.labels("run");
  spec.network_mode = "none";
  docker::Mount workspace;
  workspace.source = name.workspace();
  workspace.target = std::string(kWorkspace);
  workspace.labels = name.labels();
  spec.mounts.push_back(std::move(workspace));
  required(bench.run(bench.engine.containers().create(std::move(spec))));
  store::Attempt attempt;
  attempt.key = store::AttemptKey(run, job, "run", number);
  attempt.container_name = name.container("run");
  required(bench.run(bench.store->write(&store::Attempts::intend, std::move(attempt))));
}

std::string whose(const docker::Labels& labels) {
  return labels.at(std::string(label::kJob)) + "-a" + labels.at(std::string(label::kAttempt));
}

std::string joined(const std::multiset<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : " ") + name;
  return all;
}

/// What there is of the run, "JOB-aN …": its containers, its volumes, what the journal has open.
std::array<std::string, 3> left_of(Bench& bench, RunId run) {
  std::multiset<std::string> containers, volumes, open;
  for (const auto& one : bench.containers()) containers.insert(whose(one.labels));
  docker::Filters ours;
  ours.label(std::string(label::kInstance), bench.instance);
  for (const auto& one : required(bench.run(bench.engine.volumes().list(ours)))) volumes.insert(whose(one.labels));
  for (const auto& one : required(bench.run(bench.store->read(&store::Attempts::list, run)))) {
    const bool gone = one.state == store::AttemptState::removed;
    if (!gone) open.insert(one.key.job + "-a" + std::to_string(one.key.attempt));
  }
  return {joined(containers), joined(volumes), joined(open)};
}

std::array<std::string, 3> all_three(const std::string& names) {
  return {names, names, names};
}

/// With a grace of an hour.
SweepSummary sweep(Bench& bench, const Clock& clock, const InCare& in_care) {
  RecordingDeployer deployer;
  const images::Credentials credentials;
  const checkout::GitSettings git(bench.folder / "git");
  Collaborators with(*bench.store, *bench.logs, bench.engine, bench.pool, clock, deployer, credentials, git);
  Settings settings;
  settings.work_folder = bench.folder / "work";
  settings.orphan_grace = 1h;
  return required(bench.run(sweep_orphans(with, settings, in_care)));
}

}  // namespace

TEST_CASE(
    "of a run under way goes what its finished jobs and earlier attempts left, young or not, but what is in care") {
  Bench bench;
  SteppedClock clock;
  const RunId run = add_undriven_run(bench, {"again", "cleans", "done", "runs", "waits"});
  for (const char* job : {"again", "cleans", "done", "runs"}) begin_job(bench, run, job, 1);
  begin_job(bench, run, "again", 2);
  for (const char* job : {"cleans", "done"}) end_job(bench, run, job);
  for (const char* job : {"again", "cleans", "done", "runs", "unheard-of"}) leave(bench, run, job, 1);
  leave(bench, run, "again", 2);

  const InCare in_care;
  {
    const auto held = in_care.hold(run, "cleans", 1);
    const SweepSummary swept = sweep(bench, clock, in_care);
    CHECK(swept.containers == 2);
    CHECK(swept.volumes == 2);
    CHECK(left_of(bench, run) == all_three("again-a2 cleans-a1 runs-a1 unheard-of-a1"));
  }
  sweep(bench, clock, in_care);
  CHECK(left_of(bench, run) == all_three("again-a2 runs-a1 unheard-of-a1"));
  store::AttemptKey done(run, "done", "run", 1);
  const store::Attempt attempt = required(bench.run(bench.store->read(&store::Attempts::get, std::move(done))));
  CHECK(attempt.error == "interrupted: removed, its job had ended");

  required(bench.run(
      bench.store->write(&store::Runs::finish, run, store::Verdict::failed, std::string("enough"), bench.clock.now())));
  clock.step = -24h;  // set back: everything is of the future
  sweep(bench, clock, in_care);
  CHECK(left_of(bench, run) == all_three(""));
}

TEST_CASE("services of a job that had just ended, or of the attempt before, are gone soon after slipwayd was killed") {
  const Site site;
  const bool again = GENERATE(false, true);
  const std::string commit = site.commit(
      {{"slipway.yml",
        "on: {push: {}}\n"
        "services:\n"
        "  web: {image: busybox, command: [sh, -c, \"trap '' TERM; echo up; while :; do sleep 1; done\"], "
        "ready: {log: up}}\n"
        "jobs:\n" +
            std::string(again ? "  unit: {image: busybox, services: [web], retry: 1, "
                                "run: [\"test $SLIPWAY_ATTEMPT = 2\", \"sleep 1000\"]}\n"
                              : "  unit: {image: busybox, services: [web], run: [\"true\"]}\n"
                                "  after: {needs: [unit], image: busybox, network: none, run: [\"sleep 1000\"]}\n")}});
  work_and_be_killed(site, [&](MiniDaemon& daemon) {
    const RunId id = daemon.push(commit);
    until(daemon, "the attempt has ended", [&] {
      const auto jobs = daemon.jobs(id);
      return !jobs.empty() && (again ? jobs[0].attempt == 2 : jobs[0].state == store::JobState::finished);
    });
  });
  const std::string left =
      site.shell("docker ps --format '{{.Names}}' --filter label=dev.slipway.instance=$(cat instance)");
  REQUIRE(left.find("-unit.web-a1") != std::string::npos);

  MiniDaemon daemon(site);
  const RunId found = daemon.take_up_one();
  const auto is_closed = [&](const store::Attempt& attempt) {
    const bool old = attempt.key.job == "unit" && attempt.key.attempt == 1;
    return !old || attempt.state == store::AttemptState::removed;
  };
  until(daemon, "what was left is gone", [&] {
    const auto attempts = daemon.attempts(found);
    return std::all_of(attempts.begin(), attempts.end(), is_closed);
  });
  const std::string present =
      site.shell("docker ps -a --format '{{.Names}}' --filter label=dev.slipway.instance=$(cat instance)");
  CHECK(present.find("-unit.web-a1") == std::string::npos);
  CHECK(present.find("-unit-net-a1") == std::string::npos);
  daemon.service->stop(found, "enough");
  CHECK(daemon.wait(found).verdict == store::Verdict::cancelled);
}
