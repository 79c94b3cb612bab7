#include "orchestrator/rollouts/behind.hpp"

#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/journal.hpp"
#include "orchestrator/store/applications.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

using Hosts = std::vector<std::pair<std::string, std::string>>;
using HostBatches = std::map<std::string, std::int64_t>;

/// As a driver keeps it.
std::string progress_with(const HostBatches& batches) {
  Progress progress;
  progress.stage = Stage::batch;
  for (const auto& [name, batch] : batches) {
    HostProgress host;
    host.host = name;
    host.batch = static_cast<std::size_t>(batch);
    progress.hosts.push_back(host);
  }
  return R"({"machine": )" + dump_progress(progress) + "}";
}

/// An application whose rollouts have ended as a test says.
struct Shop {
  Shop() { REQUIRE(s.write(&store::Applications::ensure, std::string("shop"), ProjectId(), store::kNoon)); }

  std::int64_t add(std::vector<std::string> hosts, bool swarm = false) {
    GenerationSpec spec;
    spec.application = "shop";
    spec.compose = "name: shop";
    spec.hosts = std::move(hosts);
    spec.swarm = swarm;
    return s.write(&store::Applications::add_generation, to_row(spec, RunId(), store::kNoon)).value();
  }
  RolloutId ask(std::int64_t generation, const std::string& kind = "deploy") {
    store::Rollout rollout;
    rollout.application = "shop";
    rollout.kind = kind;
    rollout.generation = generation;
    rollout.requested_by = "ann";
    rollout.created = store::kNoon;
    return s.write(&store::Rollouts::add, rollout).value();
  }
  void end(std::int64_t generation, const std::string& state, const HostBatches& batches,
           const std::string& host_state = "unknown", const std::string& kind = "deploy") {
    const RolloutId id = ask(generation, kind);
    const auto fence = s.write(&store::Rollouts::lease, id, store::kNoon).value();
    if (state == "succeeded" && kind != "catch_up") {
      REQUIRE(s.write(&store::Applications::promote, std::string("shop"), generation, fence, store::kNoon));
    }
    store::RolloutProgress progress;
    progress.state = state;
    progress.ended = true;
    for (const auto& [name, batch] : batches) {
      store::RolloutHost host;
      host.host = name;
      host.batch = batch;
      host.state = host_state;
      progress.hosts.push_back(host);
    }
    progress.progress = progress_with(batches);
    REQUIRE(s.write(&store::Rollouts::save, id, fence, progress));
  }
  Result<store::Rollout> order(const std::string& host, const std::vector<std::string>& behind = {}) {
    auto work = [host, behind](store::Transaction& tx) {
      return catch_up_order(tx, "shop", host, behind, store::kNoon);
    };
    return s.write(std::move(work));
  }
  bool is_left_on_purpose() { return left_on_purpose(*s.read(&store::Rollouts::asked_for, std::string("shop"), 50)); }
  bool nothing_to_do(const std::string& host) {
    const auto made = order(host);
    return !made && made.error().kind == Error::Kind::not_found;
  }

  store::TemporaryStore s;
};

}  // namespace

TEST_CASE(
    "a host that is behind is tried at once, and each time in vain makes the pause twice as long, up to an hour") {
  const HostsBehind::Instant start{std::chrono::hours(1)};
  HostsBehind behind;
  behind.add("shop", "h1");
  behind.add("shop", "h2");
  CHECK(behind.due(start) == Hosts{{"shop", "h1"}, {"shop", "h2"}});
  CHECK(behind.of("shop") == std::vector<std::string>{"h1", "h2"});
  CHECK(behind.of("shopping").empty());
  CHECK(behind.put_off("shop", "h1", start) == std::chrono::seconds(10));
  CHECK(behind.due(start + std::chrono::seconds(9)) == Hosts{{"shop", "h2"}});
  CHECK(behind.due(start + std::chrono::seconds(10)) == Hosts{{"shop", "h1"}, {"shop", "h2"}});
  CHECK(behind.put_off("shop", "h1", start) == std::chrono::seconds(20));
  for (int i = 0; i < 20; ++i) behind.put_off("shop", "h1", start);
  CHECK(behind.put_off("shop", "h1", start) == std::chrono::hours(1));

  behind.remove("shop", "h2");
  CHECK(behind.due(start).empty());
  behind.add("shop", "h1");
  CHECK(behind.due(start) == Hosts{{"shop", "h1"}});
  CHECK(behind.put_off("shop", "h1", start) == std::chrono::seconds(10));
  behind.remove("shop", "h1");
  CHECK(behind.due(start + std::chrono::hours(2)).empty());
}

TEST_CASE("a host of the promoted generation is brought to that") {
  Shop shop;
  shop.end(shop.add({"h1", "h2"}), "succeeded", {{"h1", 1}, {"h2", 0}});
  const auto order = shop.order("h2");
  REQUIRE(order);
  CHECK(order->kind == "catch_up");
  CHECK(order->generation == 1);
  CHECK(hosts_of(*order) == std::vector<std::string>{"h2"});
  CHECK_FALSE(goes_to_nothing(*order));
  CHECK(promoted_for(*order) == 1);
  CHECK(shop.nothing_to_do("h3"));
}

TEST_CASE("what a first rollout has begun on a host before it went back without it is taken away there") {
  Shop shop;
  shop.end(shop.add({"h1", "h2"}), GENERATE("rolled_back", "rollback_failed"), {{"h1", 1}, {"h2", 0}});
  shop.ask(shop.add({"h1", "h2"}));  // has not begun
  const auto order = shop.order("h1");
  REQUIRE(order);
  CHECK(order->generation == 1);
  CHECK(goes_to_nothing(*order));
  CHECK(promoted_for(*order) == 0);
  CHECK(hosts_of(*order) == std::vector<std::string>{"h1"});
  CHECK(shop.nothing_to_do("h2"));
}

TEST_CASE("hosts that a first rollout was to leave as they are, and swarms, are left alone") {
  Shop shop;
  shop.end(shop.add({"h1"}), GENERATE("stopped", "failed"), {{"h1", 1}});
  CHECK(shop.nothing_to_do("h1"));
  shop.end(shop.add({"swarm"}, true), "rolled_back", {{"swarm", 1}});
  CHECK(shop.nothing_to_do("swarm"));
}

TEST_CASE("a generation that went back is taken away from a host which the promoted one does not have") {
  Shop shop;
  shop.end(shop.add({"h1"}), "succeeded", {{"h1", 1}});
  shop.end(shop.add({"h1", "h2"}), "rolled_back", {{"h1", 1}, {"h2", 2}});
  const auto back = shop.order("h2");
  REQUIRE(back);
  CHECK(goes_to_nothing(*back));
  CHECK(back->generation == 2);
  CHECK(promoted_for(*back) == 1);
  const auto order = shop.order("h1");
  REQUIRE(order);
  CHECK(order->generation == 1);
  CHECK_FALSE(goes_to_nothing(*order));
}

TEST_CASE("a host that did not answer when its application left it loses what it has of it") {
  Shop shop;
  shop.end(shop.add({"h1", "h2"}), "succeeded", {{"h1", 1}, {"h2", 1}});
  shop.end(shop.add({"h1"}), "succeeded", {{"h1", 1}, {"h2", 0}});
  const auto order = shop.order("h2");
  REQUIRE(order);
  CHECK(goes_to_nothing(*order));
  CHECK(promoted_for(*order) == 2);
  CHECK(hosts_of(*order) == std::vector<std::string>{"h2"});
  CHECK(shop.nothing_to_do("h3"));
}

TEST_CASE("a host that was away while its application left it is not forgotten by deployments that are not for it") {
  Shop shop;
  shop.end(shop.add({"h1", "h2"}), "succeeded", {{"h1", 1}, {"h2", 1}}, "committed");
  shop.end(shop.add({"h1"}), "succeeded", {{"h1", 1}, {"h2", 0}});
  shop.end(shop.add({"h1"}), GENERATE("succeeded", "rolled_back"), {{"h1", 1}}, "committed");
  shop.end(shop.add({"h1", "h2"}), "rolled_back", {{"h1", 1}, {"h2", 0}});  // which it was not begun with
  const auto order = shop.order("h2");
  REQUIRE(order);
  CHECK(goes_to_nothing(*order));
  CHECK(order->generation == 2);
  shop.end(2, "rolled_back", {{"h2", 1}}, "unknown", "catch_up");
  CHECK(shop.order("h2"));
  shop.end(2, "succeeded", {{"h2", 1}}, "committed", "catch_up");
  CHECK(shop.nothing_to_do("h2"));
}

TEST_CASE("what a first rollout left on a host that was away is taken away after a deployment that is not for it") {
  Shop shop;
  shop.end(shop.add({"h1", "h2"}), "rolled_back", {{"h1", 1}, {"h2", 1}});
  shop.end(shop.add({"h1"}), "succeeded", {{"h1", 1}}, "committed");
  const auto order = shop.order("h2");
  REQUIRE(order);
  CHECK(goes_to_nothing(*order));
  CHECK(order->generation == 1);
  CHECK(promoted_for(*order) == 2);
}

TEST_CASE("a host that a rollout has brought back has nothing of it to lose") {
  Shop shop;
  shop.end(shop.add({"h1"}), "succeeded", {{"h1", 1}}, "committed");
  shop.end(shop.add({"h1", "h2"}), "rolled_back", {{"h1", 1}, {"h2", 2}}, "rolled_back");
  CHECK(shop.nothing_to_do("h2"));
}

TEST_CASE("a host that is to be left keeps what it has until none that the promoted generation is for is behind") {
  Shop shop;
  shop.end(shop.add({"h1", "h2", "h3"}), "succeeded", {{"h1", 1}, {"h2", 1}, {"h3", 1}}, "committed");
  shop.end(shop.add({"h1", "h2"}), "succeeded", {{"h1", 1}}, "committed");
  shop.end(shop.add({"h1", "h2"}), "succeeded", {{"h3", 0}}, "stays");
  const auto waits = shop.order("h3", {"h2", "h3"});
  REQUIRE_FALSE(waits);
  CHECK(waits.error().kind == Error::Kind::conflict);
  CHECK(waits.error().message == "host h3 keeps what it has until host h2 is up to date");
  const auto order = shop.order("h3", {"h3", "h4"});
  REQUIRE(order);
  CHECK(goes_to_nothing(*order));
}

TEST_CASE("what a rollout that went back has left on a host waits for no other host") {
  Shop shop;
  shop.end(shop.add({"h1"}), "succeeded", {{"h1", 1}}, "committed");
  shop.end(shop.add({"h1", "h2"}), "rolled_back", {{"h1", 1}, {"h2", 1}});
  CHECK(shop.order("h2", {"h1", "h2"}));
}

TEST_CASE("after a rollback that did not get through no host is brought to what it came from, until people say") {
  Shop shop;
  shop.end(shop.add({"h1", "h2", "h3"}), "succeeded", {{"h1", 1}, {"h2", 1}, {"h3", 1}}, "committed");
  shop.end(shop.add({"h1", "h2", "h3"}), "succeeded", {{"h1", 1}, {"h2", 1}, {"h3", 1}}, "committed");
  CHECK_FALSE(shop.is_left_on_purpose());
  shop.end(1, GENERATE("rollback_failed", "stopped"), {{"h1", 1}, {"h2", 1}, {"h3", 0}}, "unknown", "rollback");
  CHECK(shop.is_left_on_purpose());
  const auto order = shop.order("h3");
  REQUIRE_FALSE(order);
  CHECK(order.error().kind == Error::Kind::conflict);
  shop.end(2, "succeeded", {{"h1", 1}}, "committed", "heal");
  shop.end(shop.add({"h1", "h2", "h3"}), "rolled_back", {{"h1", 0}, {"h2", 0}, {"h3", 0}});  // nothing was changed
  shop.ask(shop.add({"h1"}));                                                                // and this has not begun
  CHECK(shop.is_left_on_purpose());
  CHECK_FALSE(shop.order("h3"));
  shop.end(1, "succeeded", {{"h1", 1}, {"h2", 1}, {"h3", 0}}, "unknown", "rollback");
  CHECK_FALSE(shop.is_left_on_purpose());
  CHECK(shop.order("h3")->generation == 1);
}

TEST_CASE("a rollback that failed before it changed anything leaves nothing on purpose") {
  Shop shop;
  shop.end(shop.add({"h1", "h2"}), "succeeded", {{"h1", 1}, {"h2", 1}}, "committed");
  shop.end(shop.add({"h1", "h2"}), "succeeded", {{"h1", 1}, {"h2", 1}}, "committed");
  shop.end(1, "rollback_failed", {{"h1", 0}, {"h2", 0}}, "pulled", "rollback");
  CHECK_FALSE(shop.is_left_on_purpose());
  CHECK(shop.order("h2")->generation == 2);
}

TEST_CASE("hosts that a rollout left as they are, at a person's word or to another slipwayd, are so on purpose") {
  Shop shop;
  shop.end(shop.add({"h1"}), GENERATE("stopped", "failed"), {{"h1", 1}});
  CHECK(shop.is_left_on_purpose());
}
