#include "tests/integration/docker-client/container_fixture.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

Result<std::optional<Event>> next_within(Bench& bench, EventStream& events, Duration limit) {
  return bench.engine.run(with_deadline(limit, events.next(), "the test"));
}

EventsRequest of_mine(Bench& bench) {
  EventsRequest what;
  what.filters = bench.mine();
  what.filters.add("type", "container");
  return what;
}

}  // namespace

TEST_CASE("events tell a container's life, and a replay from the last one repeats it only once", "[shared]") {
  Bench bench;
  auto events = bench.engine.run(bench.engine->events().follow(of_mine(bench)));
  REQUIRE(events);
  const std::string id = bench.finish("exit 3");
  RecentEvents recent;
  std::vector<Event> seen;
  while (seen.empty() || seen.back().action != "die") {
    const auto event = next_within(bench, *events, 10s);
    REQUIRE(event);
    REQUIRE(*event);
    CHECK((*event)->actor == id);
    CHECK(recent.is_new(**event));
    seen.push_back(**event);
  }
  CHECK(seen.front().action == "create");
  CHECK(seen.back().attributes.at("exitCode") == "3");
  CHECK(seen.back().attributes.at(Bench::label) == bench.salt);

  // `since` is inclusive, so the last event comes again; what is behind it does not.
  EventsRequest again = of_mine(bench);
  again.since = seen.back().since();
  auto replay = bench.engine.run(bench.engine->events().follow(again));
  REQUIRE(replay);
  const auto repeated = next_within(bench, *replay, 10s);
  REQUIRE(repeated);
  REQUIRE(*repeated);
  CHECK((*repeated)->action == "die");
  CHECK((*repeated)->time_nanoseconds == seen.back().time_nanoseconds);
  CHECK_FALSE(recent.is_new(**repeated));
}

TEST_CASE("a bounded question about events ends", "[shared]") {
  Bench bench;
  bench.finish("true");
  EventsRequest what = of_mine(bench);
  what.since = "1";
  what.until = "1";
  auto events = bench.engine.run(bench.engine->events().follow(what));
  REQUIRE(events);
  const auto end = next_within(bench, *events, 10s);
  REQUIRE(end);
  CHECK_FALSE(*end);
}

TEST_CASE("a bad event filter is an error with the Engine's words", "[shared]") {
  Bench bench;
  EventsRequest what;
  what.since = "not a time";
  const auto events = bench.engine.run(bench.engine->events().follow(what));
  REQUIRE_FALSE(events);
  CHECK((events.error().kind == Error::Kind::invalid || events.error().kind == Error::Kind::internal));
}

TEST_CASE("the Engine says what it is", "[shared]") {
  Bench bench;
  CHECK(bench.engine.run(bench.engine->system().ping()));
  const auto version = bench.engine.run(bench.engine->system().version());
  REQUIRE(version);
  CHECK(version->api >= ApiVersion{1, 41});
  CHECK(version->minimum_api <= version->api);
  CHECK_FALSE(version->version.empty());
  const auto agreed = bench.engine.run(bench.engine->transport().version());
  REQUIRE(agreed);
  CHECK(*agreed <= version->api);
  const auto info = bench.engine.run(bench.engine->system().info());
  REQUIRE(info);
  CHECK(info->cpus > 0);
  CHECK(info->memory_bytes > 0);
  CHECK(info->logging_driver == "json-file");
  CHECK_FALSE(info->id.empty());
}
