// Whose images a pipeline gets and gives by the names that it writes.
#include <catch2/catch.hpp>

#include "orchestrator/runs/naming.hpp"
#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/integration/runs/open_registry.hpp"
#include "tests/integration/runs/required.hpp"
#include "tests/support/test_registry.hpp"

namespace slipway::runs {
namespace {

using Trust = ImageSource::Trust;

/// Builds an image that has the labels of another project's and `tag`; its id.
std::string build_for_another(const Site& site, const std::string& tag) {
  return site.shell("printf 'FROM busybox\nRUN echo " + random_hex(8) + " > /secret\n' | docker build -q --label " +
                    std::string(label::kProject) + "=other --label " + std::string(label::kInstance) +
                    "=image-names-test -t " + tag + " -");
}

/// Removes what `build_for_another` made.
struct Removal {
  const Site& site;
  std::string image;
  ~Removal() { site.shell("docker rmi -f " + image + " >/dev/null 2>&1 || :"); }
};

awaitable<Result<docker::RegistryAuth>> tester(std::string) {
  docker::RegistryAuth auth;
  auth.username = TestRegistry::user;
  auth.password = Secret(TestRegistry::password);
  co_return auth;
}

}  // namespace

TEST_CASE("what slipway built is not there for who writes its tag or its id, until a registry has it by that name") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  Bench bench;
  const std::string tag = registry.address() + "/other/app:1";
  const std::string id = build_for_another(site, tag);
  const Removal removal{site, id};
  const auto ensure = [&](const std::string& name) { return bench.run(bench.images->ensure(name, Trust::own)); };
  CHECK_FALSE(ensure(tag));
  CHECK_FALSE(ensure(id.substr(7, 12)));
  CHECK_FALSE(bench.run(bench.images->check_name(tag, Trust::own)));
  CHECK(bench.run(bench.images->check_name("nobody/has:this", Trust::own)));

  site.shell("docker push -q " + tag);
  CHECK(required(ensure(tag)) == id);
  CHECK(bench.run(bench.images->check_name(tag, Trust::own)));
}

TEST_CASE("what can't be pulled or pushed is told with its name once") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  MiniDaemon daemon(site);
  const auto reason_of = [&](const std::string& jobs) {
    return daemon
        .wait(daemon.push(site.commit({{"slipway.yml", "on: {push: {}}\n" + jobs}, {"Dockerfile", "FROM busybox\n"}})))
        .reason;
  };
  const auto is_told_once = [](const std::string& reason, const std::string& what) {
    CAPTURE(reason);
    const auto told = reason.find(what);
    CHECK(told != std::string::npos);
    CHECK(reason.find(what, told + 1) == std::string::npos);
  };
  const std::string nothing = registry.address() + "/no/such";
  is_told_once(reason_of("jobs: {unit: {image: \"" + nothing + "\", run: [\"true\"]}}\n"), "pull " + nothing);
  is_told_once(reason_of("images: {app: {context: .}}\n"
                         "jobs: {publish: {push: {image: app, to: \"127.0.0.1:1/shop/app\", tags: [\"1\"]}}}\n"),
               "push 127.0.0.1:1/shop/app");
}

TEST_CASE("slipway's own images are nobody's to name") {
  Bench bench;
  const auto named = bench.run(bench.images->ensure("localhost/slipway/anchor:1", Trust::own));
  CHECK(named.error().kind == Error::Kind::forbidden);
  CHECK(named.error().hint.find("images.NAME") != std::string::npos);
  CHECK(bench.run(bench.images->check_name("localhost/slipway/shop-app:1", Trust::own)).error().kind ==
        Error::Kind::forbidden);
}

TEST_CASE("a stranger gets no image that wants credentials, even when the engine has it") {
  const Site site;
  const TestRegistry registry;
  Bench bench;
  ImageSource images(bench.engine.images(), bench.watch, tester, bench.io.get_executor());
  const std::string name = registry.host() + "/shop/private:1";
  site.shell("docker tag busybox " + name);
  docker::PushSpec push;
  push.repository = registry.host() + "/shop/private";
  push.tag = "1";
  push.auth = required(bench.run(tester({})));
  required(bench.run(bench.engine.images().push(std::move(push))));
  CHECK(bench.run(images.ensure(name, Trust::own)));
  const auto strange = bench.run(images.ensure(name, Trust::stranger));
  REQUIRE_FALSE(strange);
  CHECK(strange.error().message.find(name.substr(0, name.rfind(':'))) != std::string::npos);
  site.shell("docker rmi " + name);
  CHECK_FALSE(bench.run(images.ensure(name, Trust::stranger)));
  CHECK(bench.run(images.ensure(name, Trust::own)));
  site.shell("docker rmi " + name);
  bench.run(images.close());
}

TEST_CASE("a push to a repository that is not the project's is refused before the engine has the image by that name") {
  const Site site;
  const OpenRegistry registry(site, "127.0.0.1");
  MiniDaemon daemon(site);
  daemon.grants.limit(registry.address(), {"shop/*"});
  const auto push_to = [&](const std::string& repository) {
    const std::string to = registry.address() + "/" + repository;
    return daemon.wait(daemon.push(site.commit(
        {{"slipway.yml", "on: {push: {}}\nimages:\n  app: {context: .}\njobs:\n  publish: {push: {image: app, to: " +
                             to + ", tags: [\"1\"]}}\n"},
         {"Dockerfile", "FROM busybox\nRUN touch /made\n"}})));
  };
  const store::Run own = push_to("shop/app");
  INFO(own.reason);
  CHECK(own.verdict == store::Verdict::passed);
  const store::Run other = push_to("blog/app");
  CHECK(other.verdict == store::Verdict::failed);
  CHECK(other.reason.find("'shop' may not push to " + registry.address() + "/blog/app") != std::string::npos);
  CHECK(site.shell("docker images -q " + registry.address() + "/blog/app").empty());
}

TEST_CASE("the logs of a build and a push tell what was pulled ahead and what was pushed") {
  const Site site;
  const TestRegistry registry;
  const std::string base = registry.host() + "/shop/base", app = registry.host() + "/shop/app";
  MiniDaemon daemon(site, test_engine(), {}, Milliseconds(0));
  docker::PushSpec push;
  push.repository = base;
  push.tag = "1";
  push.auth = required(daemon.run(tester({})));
  daemon.credentials.set(registry.host(), push.auth);
  site.shell("printf 'FROM busybox\nRUN echo " + random_hex(8) + " > /base\n' | docker build -q -t " + base + ":1 -");
  required(daemon.run(daemon.engine.images().push(std::move(push))));
  site.shell("docker rmi " + base + ":1");
  const Removal removal{site, base + ":1"};
  const RunId id = daemon.push(site.commit(
      {{"slipway.yml", "on: {push: {}}\nimages:\n  app: {context: .}\njobs:\n  publish: {push: {image: app, to: " +
                           app + ", tags: [\"1\"]}}\n"},
       {"Dockerfile", "FROM " + base + ":1\nRUN echo " + random_hex(8) + " > /made\n"}}));
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  CHECK(run.verdict == store::Verdict::passed);
  const std::string built = daemon.log(id, build_log("app")), pushed = daemon.log(id, work_log("publish", 1));
  CAPTURE(built, pushed);
  CHECK(built.find("pulling " + base + ":1: ") != std::string::npos);
  CHECK(built.find("pulled " + base + ":1 in ") != std::string::npos);
  CHECK(pushed.find("pushing " + app + ":1: ") != std::string::npos);
  CHECK(pushed.find("pushed " + app + ":1 in ") != std::string::npos);
}

TEST_CASE("a base image that is a build of another run is refused, and the build says so") {
  const Site site;
  MiniDaemon daemon(site);
  const store::Run run = daemon.wait(daemon.push(
      site.commit({{"slipway.yml",
                    "on: {push: {}}\nimages:\n  app: {context: .}\njobs:\n  unit: {image: \"${{ images.app "
                    "}}\", network: none, run: [\"true\"]}\n"},
                   {"Dockerfile", "FROM busybox\nCOPY --from=localhost/slipway/other-app:7 /secret /\n"}})));
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason.find("localhost/slipway/other-app:7") != std::string::npos);
}

TEST_CASE("an image with labels of slipway's own is neither built nor run: its container would be what they say") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string file =
      "on: {push: {}}\nimages:\n  app: {context: .}\njobs:\n  unit: {image: \"${{ images.app }}\", network: none, run: "
      "[\"true\"]}\n";
  const store::Run built = daemon.wait(daemon.push(site.commit(
      {{"slipway.yml", file}, {"Dockerfile", "FROM busybox\nLABEL dev.slipway.proxy=haproxy\nRUN touch /made\n"}})));
  CHECK(built.verdict == store::Verdict::failed);
  CHECK(built.reason.find("has a label of slipway's own: dev.slipway.proxy") != std::string::npos);

  const OpenRegistry registry(site, "127.0.0.1");
  const std::string tag = registry.address() + "/evil/x:1";
  const std::string id =
      site.shell("printf 'FROM busybox\nLABEL dev.slipway.application=shop\n' | docker build -q -t " + tag + " -");
  const Removal removal{site, id};
  site.shell("docker push -q " + tag);
  Bench bench;
  const auto named = bench.run(bench.images->ensure(tag, Trust::own));
  REQUIRE_FALSE(named);
  CHECK(named.error().kind == Error::Kind::forbidden);
}

}  // namespace slipway::runs
