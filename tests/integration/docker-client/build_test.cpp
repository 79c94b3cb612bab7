#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

#include "base/ids.hpp"
#include "docker-client/engine.hpp"
#include "tests/support/real_engine.hpp"
#include "tests/support/tar_text.hpp"

using namespace slipway;
using namespace slipway::docker;
using namespace std::chrono_literals;

namespace {

using Files = std::map<std::string, std::string>;

/// One build on the real engine, and its image removed with it. `salt` makes what it builds unknown to any cache.
struct Build {
  RealEngine& engine;
  BuildSpec spec;
  std::string salt = random_hex(8);
  std::vector<BuildEvent> events;

  Build(RealEngine& on, Builder builder) : engine(on) {
    spec.id = "slipway-test-" + salt;
    spec.builder = builder;
    spec.tags = {"slipway-test-build:" + salt};
    spec.arguments = {{"SALT", salt}};
    spec.labels = {{"slipway-test.build", salt}};
  }
  ~Build() {
    const auto removed = engine.run(engine->images().remove(spec.tags[0], true));
    if (!removed) WARN(removed.error().message);
    auto mine = Filters().label("slipway-test.build", salt);  // those that lost the name to a later build
    const auto pruned = engine.run(engine->images().prune(std::move(mine)));
    if (!pruned) WARN(pruned.error().message);
  }

  Result<BuildOutcome> run(const Files& files, asio::cancellation_signal* stop = nullptr) {
    events.clear();
    auto sink = [this](const BuildEvent& event) { events.push_back(event); };
    return engine.run(engine->builds().build(spec, source_of(files), sink), stop);
  }

  [[nodiscard]] bool wrote(const std::string& line) const {
    return std::any_of(events.begin(), events.end(), [&](const BuildEvent& event) {
      return event.kind == BuildEvent::Kind::output && event.text == line;
    });
  }
};

const Files two_stages{
    {"Dockerfile",
     "FROM busybox:latest AS base\nARG SALT\nRUN echo \"salt $SALT\"; echo careful >&2\nCOPY a.txt /a.txt\n"
     "FROM base AS checked\nRUN cat /a.txt\n"
     "FROM base AS final\nENV STAGE=final\n"},
    {"a.txt", "content of a\n"}};

/// Processes of this machine with `word` in their command line: what RUN runs shows up there.
std::size_t processes_with(const std::string& word) {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    std::ifstream file(entry.path() / "cmdline");
    const std::string line{std::istreambuf_iterator<char>(file), {}};
    if (line.find(word) != std::string::npos) ++count;
  }
  return count;
}

awaitable<Result<bool>> no_process_with(std::string word) {
  while (processes_with(word) > 0) co_await sleep_for(20ms);
  co_return true;
}

bool ends_soon(RealEngine& engine, const std::string& word) {
  return engine.run(with_deadline(15s, no_process_with(word), "the build's process to end")).has_value();
}

Files sleeping(const std::string& seconds) {
  return {{"Dockerfile", "FROM busybox:latest\nRUN echo begun; sleep " + seconds + "\n"}};
}

/// A length of sleep that no other process asks for.
std::string unique_sleep() {
  return "7" + std::to_string(std::stoull(random_hex(3), nullptr, 16) + 10'000'000);
}

}  // namespace

TEST_CASE("both builders build what inspect then shows, with arguments, labels and tags", "[engine][shared]") {
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    Build build(engine, builder);
    const auto outcome = build.run(two_stages);
    REQUIRE(outcome);
    CHECK(outcome->builder == builder);
    CHECK(build.wrote("salt " + build.salt));
    CHECK(build.wrote("careful"));
    const auto image = engine.run(engine->images().inspect(build.spec.tags[0]));
    REQUIRE(image);
    CHECK(image->id == outcome->image_id);
    CHECK(image->labels.at("slipway-test.build") == build.salt);
    CHECK(std::find(image->environment.begin(), image->environment.end(), "STAGE=final") != image->environment.end());
  }
}

TEST_CASE("a second build comes from the cache, which its outcome counts", "[engine][shared]") {
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    Build build(engine, builder);
    const auto first = build.run(two_stages);
    REQUIRE(first);
    const auto second = build.run(two_stages);
    REQUIRE(second);
    CHECK(second->image_id == first->image_id);
    CHECK(second->cached_steps > first->cached_steps);
    CHECK_FALSE(build.wrote("salt " + build.salt));
    build.spec.no_cache = true;
    const auto third = build.run(two_stages);
    REQUIRE(third);
    CHECK(build.wrote("salt " + build.salt));
    CHECK(third->cached_steps < second->cached_steps);
  }
}

TEST_CASE("the automatic builder is BuildKit on an engine that has it", "[engine][shared]") {
  RealEngine engine;
  Build build(engine, Builder::automatic);
  const auto outcome = build.run(two_stages);
  REQUIRE(outcome);
  CHECK(outcome->builder == Builder::buildkit);
}

TEST_CASE("a target stops at its stage, and a Dockerfile may lie anywhere in the context", "[engine][shared]") {
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    Build build(engine, builder);
    build.spec.target = "checked";
    build.spec.dockerfile = "deploy/app.Dockerfile";
    const Files files{{"deploy/app.Dockerfile", two_stages.at("Dockerfile")}, {"a.txt", two_stages.at("a.txt")}};
    const auto outcome = build.run(files);
    REQUIRE(outcome);
    CHECK(build.wrote("content of a"));
    const auto image = engine.run(engine->images().inspect(outcome->image_id));
    REQUIRE(image);
    CHECK(std::find(image->environment.begin(), image->environment.end(), "STAGE=final") == image->environment.end());
  }
}

TEST_CASE("network, extra hosts and an unreachable cache source reach the build", "[engine]") {
  RealEngine engine;
  Build build(engine, Builder::buildkit);
  build.spec.network = "none";
  build.spec.extra_hosts = {"db.test:192.0.2.7"};
  build.spec.cache_from = {"127.0.0.1:1/nobody/there:cache"};
  build.spec.no_cache = true;
  const auto outcome =
      build.run({{"Dockerfile", "FROM busybox:latest\nRUN grep db.test /etc/hosts; ls /sys/class/net\n"}});
  REQUIRE(outcome);
  CHECK(build.wrote("192.0.2.7\tdb.test"));
  CHECK(build.wrote("lo"));
  CHECK_FALSE(build.wrote("eth0"));
}

TEST_CASE("a RUN that fails is a failed build which names the step and ends with its output", "[engine][shared]") {
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    Build build(engine, builder);
    const auto outcome = build.run({{"Dockerfile", "FROM busybox:latest\nRUN echo one; echo two; exit 42\n"}});
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == Error::Kind::failed);
    CHECK(outcome.error().message.find("RUN echo one") != std::string::npos);
    CHECK(outcome.error().message.find("42") != std::string::npos);
    CHECK(outcome.error().hint.find("one\ntwo\n") != std::string::npos);
    const auto image = engine.run(engine->images().inspect(build.spec.tags[0]));
    REQUIRE_FALSE(image);
    CHECK(image.error().kind == Error::Kind::not_found);
  }
}

TEST_CASE("mistakes in a Dockerfile are failed builds that say what is wrong", "[engine][shared]") {
  struct Mistake {
    std::string dockerfile;
    std::string told;
  };
  const std::vector<Mistake> mistakes{{"FROM busybox:latest\nCOPY missing.txt /\n", "missing.txt"},
                                      {"FROM busybox:latest\nRUNN true\n", "RUNN"},
                                      {"", "empty"},
                                      {"FROM nowhere AS\n", "FROM"}};
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    for (const Mistake& mistake : mistakes) {
      CAPTURE(mistake.dockerfile);
      Build build(engine, builder);
      const auto outcome = build.run({{"Dockerfile", mistake.dockerfile}});
      REQUIRE_FALSE(outcome);
      CHECK(outcome.error().kind == Error::Kind::failed);
      CHECK(outcome.error().message.find(mistake.told) != std::string::npos);
    }
  }
}

TEST_CASE("an unknown target, a missing Dockerfile and a malformed tag are refused", "[engine][shared]") {
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    Build target(engine, builder);
    target.spec.target = "nowhere";
    const auto no_target = target.run(two_stages);
    REQUIRE_FALSE(no_target);
    CHECK(no_target.error().message.find("nowhere") != std::string::npos);

    Build missing(engine, builder);
    missing.spec.dockerfile = "nowhere/Dockerfile";
    const auto no_file = missing.run(two_stages);
    REQUIRE_FALSE(no_file);
    CHECK(no_file.error().kind == Error::Kind::failed);

    Build tag(engine, builder);
    tag.spec.tags.push_back("NOT A TAG");
    const auto bad_tag = tag.run(two_stages);
    REQUIRE_FALSE(bad_tag);
    CHECK(bad_tag.error().kind == Error::Kind::invalid);
  }
}

TEST_CASE("a base image whose registry can't be reached makes the build unavailable", "[engine][shared]") {
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    Build build(engine, builder);
    const auto outcome = build.run({{"Dockerfile", "FROM 127.0.0.1:1/no/body:there\nRUN true\n"}});
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().kind == Error::Kind::unavailable);
    CHECK(outcome.error().message.find("127.0.0.1:1") != std::string::npos);
  }
}

TEST_CASE("cancelling the call stops what the build runs", "[engine]") {
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    Build build(engine, builder);
    const std::string seconds = unique_sleep();
    asio::cancellation_signal stop;
    auto sink = [&](const BuildEvent& event) {
      if (event.kind == BuildEvent::Kind::output) stop.emit(asio::cancellation_type::terminal);
    };
    auto work = engine->builds().build(build.spec, source_of(sleeping(seconds)), sink);
    CHECK_THROWS_AS(engine.run(std::move(work), &stop), boost::system::system_error);
    CHECK(ends_soon(engine, seconds));
  }
}

TEST_CASE("a BuildKit build that somebody else cancels by its id ends as interrupted", "[engine][shared]") {
  RealEngine engine;
  Build build(engine, Builder::buildkit);
  const std::string seconds = unique_sleep();
  Tasks tasks(engine.executor());
  auto cancel = [](Builds& builds, std::string id) -> awaitable<void> {
    const Result<void> asked = co_await builds.cancel(std::move(id));
    CHECK(asked);
  };
  auto sink = [&](const BuildEvent& event) {
    if (event.kind == BuildEvent::Kind::output) tasks.spawn("cancel", cancel(engine->builds(), build.spec.id));
  };
  const auto outcome = engine.run(engine->builds().build(build.spec, source_of(sleeping(seconds)), sink));
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().kind == Error::Kind::unavailable);
  CHECK(ends_soon(engine, seconds));
  CHECK(engine.run(with_deadline(
      5s,
      [](Tasks& all) -> awaitable<Result<bool>> {
        co_await all.join();
        co_return true;
      }(tasks),
      "join")));
}

TEST_CASE("cancelling a build that nobody knows is no error", "[engine][shared]") {
  RealEngine engine;
  CHECK(engine.run(engine->builds().cancel("slipway-test-nobody")));
}

TEST_CASE("a context that breaks off fails the build with the source's error", "[engine][shared]") {
  RealEngine engine;
  for (const Builder builder : {Builder::buildkit, Builder::classic}) {
    Build build(engine, builder);
    std::string tar = tar_of({{"Dockerfile", "FROM busybox:latest\nRUN true\n"}, {"big", std::string(3 << 20, 'x')}});
    tar.resize(tar.size() / 2);
    auto source = std::make_unique<TextSource>(std::move(tar), 64 << 10, Error(Error::Kind::internal, "disk is gone"));
    const auto outcome = engine.run(engine->builds().build(build.spec, std::move(source)));
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().message.find("disk is gone") != std::string::npos);
  }
}
