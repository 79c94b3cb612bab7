#include "images/retention.hpp"

#include <thread>

#include <catch2/catch.hpp>

#include "tests/integration/images/bench.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

constexpr const char* kInstance = "slipway-test.retention";

RetentionPolicy policy(const std::string& instance, std::size_t keep) {
  RetentionPolicy how;
  how.keep = keep;
  how.grace = Milliseconds(0);
  how.instance_label = kInstance;
  how.instance = instance;
  how.group_labels = {"slipway-test.group"};
  return how;
}

}  // namespace

TEST_CASE("old images go with all their names; the newest, used and wanted ones and those of others stay", "[engine]") {
  ImageBench bench;
  const std::string name = "slipway-test-retention-" + bench.salt();
  const auto make = [&](const std::string& tag, const std::string& instance) {
    const Tree tree;
    tree.file("Dockerfile", "FROM scratch\nCOPY content /\n");
    tree.file("content", bench.salt() + tag);
    return bench.build(ContextSpec(tree.path()), docker::Builder::classic, {name + ":" + tag, name + "-too:" + tag},
                       {{kInstance, instance}, {"slipway-test.group", "app"}});
  };
  const std::string mine = bench.salt();
  const std::string other = make("other", mine + "-other");
  const std::string used = make("used", mine);
  const std::string wanted = make("wanted", mine);
  const std::string old = make("old", mine);
  // The Engine's list tells the age of an image in whole seconds.
  const auto second = [] { return std::chrono::floor<std::chrono::seconds>(SystemClock().now()); };
  for (const auto of_old = second(); second() == of_old;) std::this_thread::yield();
  const std::string newest = make("newest", mine);
  docker::ContainerSpec spec(used);
  spec.command = std::vector<std::string>{"none"};
  const auto container = bench.engine.run(bench.engine->containers().create(spec));
  REQUIRE(container);

  const Time later = SystemClock().now() + std::chrono::hours(1);
  const auto outcome = bench.engine.run(
      apply_retention(bench.engine->images(), bench.engine->containers(), {wanted}, policy(mine, 1), later));
  const auto removed = bench.engine.run(bench.engine->containers().remove(container->id));
  CHECK(removed);
  CAPTURE(outcome ? "" : outcome.error().message);
  REQUIRE(outcome);
  CHECK(outcome->removed == 1);
  CHECK(outcome->kept_in_use == 0);
  for (const std::string& id : {other, used, wanted, newest})
    CHECK(bench.engine.run(bench.engine->images().inspect(id)));
  CHECK(bench.engine.run(bench.engine->images().inspect(old)).error().kind == Error::Kind::not_found);

  // Nothing holds the others any more.
  const auto rest =
      bench.engine.run(apply_retention(bench.engine->images(), bench.engine->containers(), {}, policy(mine, 0), later));
  REQUIRE(rest);
  CHECK(rest->removed == 3);
  CHECK(bench.engine.run(bench.engine->images().inspect(other)));
}

TEST_CASE("retention without a label of ours does nothing", "[engine]") {
  ImageBench bench;
  const auto outcome = bench.engine.run(
      apply_retention(bench.engine->images(), bench.engine->containers(), {}, RetentionPolicy(), SystemClock().now()));
  CHECK(outcome.error().kind == Error::Kind::invalid);
}

}  // namespace slipway::images
