// What is done once for several jobs, and ahead of its time within one: in the engine's own words.
#include <algorithm>

#include <catch2/catch.hpp>

#include "tests/integration/runs/engine_events.hpp"
#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/integration/runs/open_registry.hpp"
#include "tests/integration/runs/under_way.hpp"

using namespace slipway;
using namespace slipway::runs;

namespace {

/// An image that only the registry has. Large enough for its pull to take longer than jobs take to ask for it.
struct RemoteImage {
  RemoteImage(const Site& s, const OpenRegistry& registry) : site(s), name(registry.address() + "/shop/tool:1") {
    site.shell("printf 'FROM busybox\nRUN head -c 20000000 /dev/urandom > /made\n' | docker build -q -t " + name +
               " -; docker push -q " + name + "; docker rmi " + name);
  }
  ~RemoteImage() { site.shell("docker rmi " + name + " " + fence() + " >/dev/null 2>&1 || :"); }
  RemoteImage(const RemoteImage&) = delete;
  RemoteImage& operator=(const RemoteImage&) = delete;

  /// A name by which the engine tells that all before has been told.
  [[nodiscard]] std::string fence() const { return name + "-fence"; }

  const Site& site;
  std::string name;
};

}  // namespace

TEST_CASE("an image that several jobs want at the same time is pulled once") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  const RemoteImage image(site, registry);
  docker::Filters of_images;
  of_images.add("type", "image");
  EngineEvents events(of_images);
  Bench bench;
  std::vector<std::unique_ptr<UnderWay>> jobs;
  for (int i = 0; i < 3; ++i) {
    JobOrder order = bench.order({"test -s /made"});
    order.steps[0].image.reference = image.name;
    jobs.push_back(std::make_unique<UnderWay>(bench, order));
  }
  for (const auto& job : jobs) {
    const Outcome outcome = job->end();
    INFO(outcome.reason);
    CHECK(outcome.verdict == Verdict::passed);
  }
  bench.finish_clean_up();
  site.shell("docker tag busybox " + image.fence());
  const auto told = events.until([&](const docker::Event& event) {
    return event.action == "tag" && event.attributes.at("name") == image.fence();
  });
  CHECK(std::count_if(told.begin(), told.end(), [&](const docker::Event& event) {
          return event.action == "pull" && event.actor == image.name;
        }) == 1);
}

TEST_CASE("the container of the next step is created while the one before runs") {
  Bench bench;
  docker::Filters ours;
  ours.add("type", "container").label(std::string(label::kInstance), bench.instance);
  EngineEvents events(ours);
  JobOrder order = bench.order({"sleep 2"});
  for (const char* name : {"second", "third"}) {
    StepSpec step = order.steps[0];
    step.name = name;
    order.steps.push_back(std::move(step));
  }
  REQUIRE(bench.run_job(order).verdict == Verdict::passed);
  std::vector<std::string> lives;
  events.until([&](const docker::Event& event) {
    const bool counts = event.action == "create" || event.action == "start" || event.action == "die";
    for (const StepSpec& step : order.steps) {
      if (counts && event.attributes.at("name") == order.name.container(step.name)) {
        lives.push_back(step.name + " " + event.action);
      }
    }
    return !lives.empty() && lives.back() == "third die";
  });
  const auto at = [&](const std::string& what) { return std::find(lives.begin(), lives.end(), what); };
  CHECK(at("second create") < at("test die"));
  CHECK(at("third create") < at("second die"));
  CHECK(at("test die") < at("second start"));
  CHECK(lives.size() == 9);
}
