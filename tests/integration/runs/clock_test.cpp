// Runs under a wall clock that somebody sets.
#include "tests/integration/runs/mini_daemon.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace {

std::map<std::string, std::string> sleeper(const std::string& timeout, int seconds) {
  return {{"slipway.yml", "on: {push: {}}\njobs:\n  unit: {image: busybox, network: none, timeout: " + timeout +
                              ", run: [\"sleep " + std::to_string(seconds) + "\"]}\n"}};
}

void await_step(MiniDaemon& daemon, RunId id) {
  until(daemon, "the step runs", [&] {
    const auto attempts = daemon.attempts(id);
    return attempts.size() == 1 && attempts[0].state == store::AttemptState::running;
  });
}

}  // namespace

TEST_CASE("a clock that is set an hour back does not lengthen a job's timeout, one set forward does not shorten it") {
  const auto step = GENERATE(-1h, 1h);
  const Site site;
  MiniDaemon daemon(site);
  const RunId late = daemon.push(site.commit(sleeper("3s", 1000)));
  await_step(daemon, late);
  const RunId early = daemon.push(site.commit(sleeper("1m", 3)));
  await_step(daemon, early);
  daemon.clock.step = step;
  const auto began = std::chrono::steady_clock::now();
  CHECK(daemon.wait(late).reason.find("timeout") != std::string::npos);
  CHECK(daemon.wait(early).verdict == store::Verdict::passed);
  CHECK(std::chrono::steady_clock::now() - began < 20s);
}

TEST_CASE("a deadline holds across a restart, and over a step of the clock meanwhile") {
  const auto step = GENERATE(-1h, 0h, 1h);
  const bool too_long = GENERATE(true, false);
  const Site site;
  const std::string commit = site.commit(too_long ? sleeper("4s", 1000) : sleeper("1m", 5));
  work_and_be_killed(site, [&](MiniDaemon& daemon) { await_step(daemon, daemon.push(commit)); });

  MiniDaemon daemon(site);
  daemon.clock.step = step;
  const auto began = std::chrono::steady_clock::now();
  const RunId found = daemon.take_up_one();
  const store::Run run = daemon.wait(found);
  CAPTURE(step.count(), too_long, run.reason);
  CHECK(std::chrono::steady_clock::now() - began < 20s);
  CHECK(run.verdict == (too_long ? store::Verdict::failed : store::Verdict::passed));
  if (too_long) CHECK(run.reason.find("timeout") != std::string::npos);
  CHECK(daemon.attempts(found).size() == 1);
  const auto events = daemon.events(found);
  CHECK(std::count(events.begin(), events.end(), "step.reattached") == 1);
}
