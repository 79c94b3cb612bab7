// Deploy jobs that are stopped at any time.
#include "orchestrator/rollouts/job_deployer.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/store/applications.hpp"
#include "orchestrator/store/runs.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;
using namespace std::chrono_literals;

namespace {

/// A deploy job of a run, over a scene.
class DeployJob {
 public:
  explicit DeployJob(Scene& scene)
      : fleet_(*scene.fleet),
        tasks_(fleet_.io.get_executor()),
        deployer_(*fleet_.rollouts, *fleet_.store, ComposeRules(), tasks_) {
    store::Run row;
    row.project = ProjectId(1);
    row.event = store::Trigger::push;
    row.ref = "refs/heads/main";
    row.commit = std::string(40, 'a');
    key_ = {*fleet_.run(fleet_.store->write(&store::Runs::add, std::move(row))), "production", 1};
  }

  void begin(const std::string& compose, const std::string& image) {
    runs::DeployRequest request;
    request.key = key_;
    request.project = ProjectId(1);
    request.compose = compose;
    const auto at = image.find('@');
    request.images["web"].repository = image.substr(0, at);
    request.images["web"].digest = image.substr(at + 1);
    request.read_file = [](std::string) { return slowly(); };
    const auto done = [this](std::exception_ptr bug, Result<runs::Outcome> outcome) {
      if (bug) std::rethrow_exception(bug);
      outcome_ = std::move(outcome);
    };
    runs::DeploymentNews news;
    news.waits = [this](std::string why) { waits_ = std::move(why); };
    asio::co_spawn(fleet_.io, deployer_.deploy(std::move(request), std::move(news)), done);
  }
  /// As a run does it: again and again.
  void stop() { stopping_ = true; }
  runs::Outcome outcome() {
    fleet_.run_until([this] {
      if (stopping_) deployer_.stop(key_, "timeout");
      return outcome_.has_value();
    });
    REQUIRE(*outcome_);
    return **outcome_;
  }
  /// Why it does not go on, by the last news.
  [[nodiscard]] const std::string& waits() const { return waits_; }
  Result<store::Rollout> rollout() {
    return fleet_.run(fleet_.store->read(&store::Rollouts::find, key_.run, key_.job, std::int64_t{key_.attempt}));
  }

 private:
  static awaitable<Result<std::string>> slowly() {
    co_await sleep_for(500ms);
    co_return std::string("A=1\n");
  }

  Fleet& fleet_;
  Tasks tasks_;
  JobDeployer deployer_;
  runs::DeploymentKey key_;
  std::optional<Result<runs::Outcome>> outcome_;
  std::string waits_;
  bool stopping_ = false;
};

void let_pass(Scene& scene, Milliseconds time) {
  const auto over = std::chrono::steady_clock::now() + time;
  scene.fleet->run_until([&] { return std::chrono::steady_clock::now() >= over; });
}

}  // namespace

TEST_CASE("a deploy job that is stopped before its rollout is there makes none") {
  Scene scene("ro-early");
  std::string compose = scene.compose();
  compose.insert(compose.find("x-slipway"), "    env_file: [web.env]\n");
  DeployJob job(scene);
  job.begin(compose, push_web_image(*scene.fleet, "early", "new"));
  let_pass(scene, 100ms);
  job.stop();
  CHECK(job.outcome().verdict == runs::Verdict::cancelled);
  CHECK(job.rollout().error().kind == Error::Kind::not_found);
}

TEST_CASE("a deploy job that is stopped while its rollout begins deploys nothing, at whichever instant") {
  const int instant = GENERATE(0, 20, 60, 120, 250);
  CAPTURE(instant);
  Scene scene("ro-begins");
  const std::string one = push_web_image(*scene.fleet, "begins-1", "one");
  const std::string two = push_web_image(*scene.fleet, "begins-2", "two");
  scene.fleet->settle(scene.compose(), one);
  DeployJob job(scene);
  job.begin(scene.compose(), two);
  let_pass(scene, Milliseconds(instant));
  job.stop();
  const runs::Outcome outcome = job.outcome();
  INFO(outcome.reason);
  CHECK(outcome.verdict != runs::Verdict::passed);
  CHECK(scene.served() == thrice("one"));
  CHECK(scene.fleet->run(scene.fleet->store->read(&store::Applications::get, scene.application))->promoted == 1);
}

TEST_CASE("a deploy job is told that its rollout waits for a person's word, and the rollout why the job stopped it") {
  Scene scene("ro-told");
  const std::string one = push_web_image(*scene.fleet, "told-1", "one");
  const std::string two = push_web_image(*scene.fleet, "told-2", "two");
  scene.fleet->settle(scene.compose(), one);
  DeployJob job(scene);
  job.begin(scene.compose("  strategy: canary\n  steps: [{share: 1, wait: true}]\n"), two);
  scene.fleet->run_until([&] { return job.waits() == "waits to be promoted: slipway app promote ro-told"; });
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->ask_current("ro-told", Verb::pause, "ann")));
  const std::string paused = "waits to be resumed (paused by ann): slipway app resume ro-told";
  scene.fleet->run_until([&] { return job.waits() == paused; });
  job.stop();
  CHECK(job.outcome().verdict == runs::Verdict::failed);
  CHECK(job.waits().empty());
  CHECK_THAT(job.rollout()->reason, Catch::EndsWith("job production: timeout"));
  CHECK(scene.served() == thrice("one"));
}
