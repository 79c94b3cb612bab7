// What earlier generations leave on a real host: images and networks that nothing needs any more.
#include "orchestrator/rollouts/leftovers.hpp"

#include <catch2/catch.hpp>

#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/host_work.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/store/applications.hpp"
#include "tests/integration/rollouts/fleet/must.hpp"
#include "tests/integration/rollouts/fleet/parts.hpp"
#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

std::string web_on_h1(const std::string& name, const std::string& service = {}, const std::string& more = {}) {
  return "name: " + name + "\nservices:\n  web:\n    stop_grace_period: 1s\n" + service + more +
         "x-slipway:\n  targets: [h1]\n  min_healthy_time: 200ms\n  health_deadline: 8s\n";
}

docker::Engine& first_host(Scene& scene) {
  return **scene.fleet->hosts->engine("h1");
}

bool has_image(Scene& scene, const std::string& image) {
  return scene.fleet->run(first_host(scene).images().inspect(image)).has_value();
}

bool has_network(Scene& scene, const std::string& name) {
  return scene.fleet->run(first_host(scene).networks().inspect(name)).has_value();
}

Removed tidy(Scene& scene) {
  Parts parts = parts_of(*scene.fleet);
  StillNeeded needed = must(scene.fleet->run(needed_by(parts, scene.application)));
  const Place place{scene.application, "h1"};
  return must(scene.fleet->run(remove_leftovers(parts, place, std::move(needed), [] { return true; })));
}

/// Of somebody who is not slipway, and who has not started it.
void create_foreign(Scene& scene, docker::ContainerSpec spec) {
  spec.name = scene.application + "-foreign";
  spec.labels = {{std::string(label::application), "ro-foreign"}};
  must(scene.fleet->run(first_host(scene).containers().create(std::move(spec))));
}

void remove_foreign(Scene& scene) {
  must(scene.fleet->run(first_host(scene).containers().remove(scene.application + "-foreign")));
}

/// A rollout of another application that has not begun.
RolloutId queue_other(Scene& scene, const std::string& image) {
  auto add = [image](store::Transaction& tx) -> Result<RolloutId> {
    store::Applications applications(tx);
    if (auto ours = applications.ensure("ro-other", ProjectId(1), Time()); !ours) return fail(ours.error());
    store::Generation generation;
    generation.application = "ro-other";
    generation.images = "{\"web\":\"" + image + "\"}";
    const auto number = applications.add_generation(generation);
    if (!number) return fail(number.error());
    store::Rollout rollout;
    rollout.application = "ro-other";
    rollout.generation = *number;
    return store::Rollouts(tx).add(rollout);
  };
  return must(scene.fleet->run(scene.fleet->store->write(std::move(add))));
}

}  // namespace

TEST_CASE("an image goes from its host when no generation that could run there again has it") {
  Scene scene("ro-images");
  std::vector<std::string> images;
  for (const char* version : {"one", "two", "three"}) {
    images.push_back(push_web_image(*scene.fleet, std::string("images-") + version, version));
    scene.fleet->settle(web_on_h1(scene.application), images.back());
  }
  scene.fleet->run_until([&] { return !has_image(scene, images[0]); });
  CHECK(has_image(scene, images[1]));
  CHECK(has_image(scene, images[2]));
  const auto id = scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann"));
  REQUIRE(id);
  CHECK(scene.fleet->wait(*id).state == "succeeded");
  // The container that was gone back from, and so its image, stays until the next deployment.
  CHECK(scene.fleet->shown("h1", scene.application).size() == 2);
  CHECK(tidy(scene).images.empty());
  CHECK(has_image(scene, images[2]));
  scene.fleet->settle(web_on_h1(scene.application), push_web_image(*scene.fleet, "images-four", "four"));
  scene.fleet->run_until([&] { return !has_image(scene, images[2]); });
  CHECK(has_image(scene, images[1]));
}

TEST_CASE("an image stays while a container of somebody else's, a tag or another application's rollout wants it") {
  Scene scene("ro-imagesheld");
  const std::string old = push_web_image(*scene.fleet, "held-1", "one");
  scene.fleet->settle(web_on_h1(scene.application), old);
  create_foreign(scene, docker::ContainerSpec(old));
  for (const char* version : {"two", "three"}) {
    scene.fleet->settle(web_on_h1(scene.application),
                        push_web_image(*scene.fleet, std::string("held-") + version, version));
  }
  CHECK(scene.fleet->shown("h1", scene.application).size() == 2);
  CHECK(tidy(scene).images.empty());
  CHECK(has_image(scene, old));

  docker::Images& images = first_host(scene).images();
  must(scene.fleet->run(images.tag(old, "ro-imagesheld", "mine")));
  remove_foreign(scene);
  CHECK(tidy(scene).images.empty());
  must(scene.fleet->run(images.remove("ro-imagesheld:mine")));

  const RolloutId other = queue_other(scene, old);
  CHECK(tidy(scene).images.empty());
  must(scene.fleet->run(
      scene.fleet->store->write(&store::Rollouts::end_queued, other, "superseded", "a test's", Time())));
  CHECK(has_image(scene, old));
  const Removed removed = tidy(scene);
  CHECK(removed.images == std::vector<std::string>{old});
  CHECK(removed.bytes > 0);
  CHECK_FALSE(has_image(scene, old));
  CHECK(tidy(scene).images.empty());
}

TEST_CASE("a network that the file has no more goes when no kept generation has it, and no container is in it") {
  Scene scene("ro-networks");
  const std::string image = push_web_image(*scene.fleet, "networks", "one");
  const std::string network = "ro-networks_back";
  const auto step = [&](const std::string& word, const std::string& networks) {
    scene.fleet->settle(web_on_h1(scene.application, "    environment: {STEP: " + word + "}\n" + networks,
                                  networks.empty() ? "" : "networks: {back: {}}\n"),
                        image);
  };
  step("one", "    networks: [default, back]\n");
  REQUIRE(has_network(scene, network));
  step("two", "");
  CHECK(tidy(scene).networks.empty());
  CHECK(has_network(scene, network));

  docker::ContainerSpec foreign(image);
  docker::NetworkAttachment attachment;
  attachment.network = network;
  foreign.network_mode = network;
  foreign.networks = {attachment};
  create_foreign(scene, std::move(foreign));
  step("three", "");
  CHECK(tidy(scene).networks.empty());
  CHECK(has_network(scene, network));
  remove_foreign(scene);
  CHECK(tidy(scene).networks == std::vector<std::string>{network});
  CHECK_FALSE(has_network(scene, network));
  CHECK(has_network(scene, "ro-networks_default"));
}

TEST_CASE("a container whose image has gone from its host since it was pulled gets it once more") {
  Scene scene("ro-imagegone");
  const std::string image = push_web_image(*scene.fleet, "gone", "one");
  scene.fleet->settle(web_on_h1(scene.application), image);
  docker::RemoveContainer how;
  how.force = true;
  must(scene.fleet->run(first_host(scene).containers().remove("ro-imagegone-web-g1-1", how)));
  must(scene.fleet->run(first_host(scene).images().remove(image)));
  REQUIRE_FALSE(has_image(scene, image));

  Parts parts = parts_of(*scene.fleet);
  const auto target = must(scene.fleet->run(load_target(parts, scene.application, 1)));
  Site site;
  site.host = "h1";
  site.engine = &first_host(scene);
  site.traffic = scene.fleet->traffic.get();
  HostWork work(site, scene.fleet->registry, scene.fleet->pool, scene.fleet->clock,
                Maker{scene.fleet->store->fleet(), 1});
  const auto made = scene.fleet->run(work.reach(HostStage::created, Heading::back, target, scene.application));
  INFO((made ? "" : made.error().message));
  CHECK(made);
  CHECK(scene.fleet->shown("h1", scene.application).size() == 1);
}
