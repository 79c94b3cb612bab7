// What becomes of a rollout that is asked for while another one of its application waits or works.
#include <atomic>
#include <future>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <catch2/catch.hpp>

#include "tests/integration/rollouts/fleet/scene.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

/// Keeps the next commit from being told to who waits for it.
class UntoldCommit final : public store::CommitProbe {
 public:
  void before_commit(std::span<const std::string>) override {}
  void after_commit(std::span<const std::string>) override {
    if (!armed_.exchange(false)) return;
    made_ = true;
    told_.get_future().wait_for(std::chrono::minutes(1));
  }
  void arm() { armed_ = true; }
  [[nodiscard]] bool made() const { return made_; }
  void tell() { told_.set_value(); }

 private:
  std::atomic<bool> armed_ = false;
  std::atomic<bool> made_ = false;
  std::promise<void> told_;
};

std::string compose_with(const Scene& scene, const std::string& concurrency) {
  std::string compose = scene.compose("  min_healthy: 0\n  concurrency: " + concurrency + "\n");
  compose.insert(compose.find("    stop_grace_period"), "    deploy: {update_config: {delay: 1s}}\n");
  return compose;
}

}  // namespace

TEST_CASE("a rollout supersedes the one that waits, which ends at once, and follows the one in work") {
  Scene scene("ro-supersede");
  const std::string compose = compose_with(scene, "supersede");
  const std::string image = push_web_image(*scene.fleet, "supersede-1", "one");
  const auto works = scene.fleet->begin(compose, image);
  REQUIRE(works);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*works) == "baking"; });
  const auto waits = scene.fleet->begin(compose, push_web_image(*scene.fleet, "supersede-2", "two"));
  REQUIRE(waits);
  const auto newest = scene.fleet->begin(compose, push_web_image(*scene.fleet, "supersede-3", "three"));
  REQUIRE(newest);
  const auto ended = scene.fleet->wait(*waits);
  CHECK(ended.state == "superseded");
  CHECK(ended.reason == "by rollout " + to_string(*newest) + "; nothing was changed");
  CHECK_FALSE(scene.fleet->run(scene.fleet->store->read(&store::Rollouts::get, *works))->ended);
  CHECK(scene.fleet->wait(*works).state == "succeeded");
  CHECK(scene.fleet->wait(*newest).state == "succeeded");
  CHECK(scene.served() == thrice("three"));
}

TEST_CASE("a rollout is refused while another one works, which a rollback still turns round") {
  Scene scene("ro-refuse");
  const std::string compose = compose_with(scene, "refuse");
  scene.fleet->settle(compose, push_web_image(*scene.fleet, "refuse-1", "one"));
  const auto works = scene.fleet->begin(compose, push_web_image(*scene.fleet, "refuse-2", "two"));
  REQUIRE(works);
  scene.fleet->run_until([&] { return scene.fleet->state_of(*works) == "baking"; });
  const auto refused = scene.fleet->begin(compose, push_web_image(*scene.fleet, "refuse-3", "three"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::conflict);
  CHECK_THAT(refused.error().message,
             Catch::StartsWith("rollout " + to_string(*works) + " of ro-refuse is in the way"));
  REQUIRE(scene.fleet->run(scene.fleet->rollouts->roll_back(scene.application, "ann")));
  CHECK(scene.fleet->wait(*works).state == "rolled_back");
  CHECK(scene.served() == thrice("one"));
}

TEST_CASE("a rollout whose caller is cancelled while it is committed is carried out, and holds up none that follows") {
  UntoldCommit commit;
  Scene scene("ro-cancelled");
  RolloutOrder order;
  order.generation.project = ProjectId(1);
  order.generation.compose.text = scene.compose();
  order.generation.images = {{"web", push_web_image(*scene.fleet, "cancelled-1", "one")}};
  const std::string two = push_web_image(*scene.fleet, "cancelled-2", "two");
  scene.fleet->probe = &commit;
  scene.fleet->restart();
  commit.arm();
  asio::cancellation_signal signal;
  std::optional<bool> cancelled;
  asio::co_spawn(scene.fleet->io, scene.fleet->rollouts->start(std::move(order)),
                 asio::bind_cancellation_slot(signal.slot(),
                                              [&](std::exception_ptr e, const auto&) { cancelled = e != nullptr; }));
  scene.fleet->run_until([&] { return commit.made(); });
  signal.emit(asio::cancellation_type::terminal);
  scene.fleet->run_until([&] { return cancelled.has_value(); });
  CHECK(*cancelled);
  commit.tell();
  const auto later = scene.fleet->roll_out(scene.compose(), two);
  CHECK(later.state == "succeeded");
  const auto all = scene.fleet->run(scene.fleet->store->read(&store::Rollouts::list, scene.application, 10));
  REQUIRE(all->size() == 2);
  CHECK(all->back().state == "succeeded");
  CHECK(scene.served() == thrice("two"));
}
