#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "base/http_client.hpp"
#include "base/ids.hpp"
#include "docker-client/engine.hpp"
#include "tests/support/real_engine.hpp"
#include "tests/support/tar_text.hpp"
#include "tests/support/test_registry.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

/// One registry for all tests of this program.
TestRegistry& registry() {
  static TestRegistry running;
  return running;
}

RegistryAuth account(const std::string& password = TestRegistry::password) {
  RegistryAuth auth;
  auth.username = TestRegistry::user;
  auth.password = Secret(password);
  auth.server = registry().host();
  return auth;
}

/// Images made by one test, all below one repository of the test registry, and removed with it.
struct Workbench {
  RealEngine engine;
  std::string salt = random_hex(8);
  std::string repository = registry().host() + "/slipway-test/" + salt;
  std::vector<std::string> names;

  ~Workbench() {
    for (const std::string& name : names) {
      const auto removed = engine.run(engine->images().remove(name, true));
      if (!removed) WARN(removed.error().message);
    }
    auto mine = Filters().label("slipway-test.images", salt);  // those that lost the name to a later build
    const auto pruned = engine.run(engine->images().prune(std::move(mine)));
    if (!pruned) WARN(pruned.error().message);
  }

  /// A new image, unlike any before, tagged repository:tag.
  std::string make(const std::string& tag, const std::string& content) {
    BuildSpec spec;
    spec.id = "slipway-test-" + salt + "-" + tag;
    spec.tags = {repository + ":" + tag};
    spec.labels = {{"slipway-test.images", salt}};
    const auto built = engine.run(engine->builds().build(
        spec, source_of({{"Dockerfile", "FROM busybox:latest\nCOPY content /\n"}, {"content", content + salt}})));
    REQUIRE(built);
    names.push_back(spec.tags[0]);
    return built->image_id;
  }

  Result<Pushed> push(const std::string& tag, RegistryAuth auth = account(), ImageProgressSink progress = {}) {
    PushSpec spec{repository, tag, std::move(auth)};
    return engine.run(engine->images().push(std::move(spec), std::move(progress)));
  }

  Result<Pulled> pull(const std::string& reference, RegistryAuth auth = account(), ImageProgressSink progress = {}) {
    PullSpec spec{repository, reference, {}, std::move(auth)};
    return engine.run(engine->images().pull(std::move(spec), std::move(progress)));
  }

  void forget(const std::string& name) { REQUIRE(engine.run(engine->images().remove(name, true))); }
};

/// The digest that the registry itself tells for a tag.
std::string digest_at_registry(const std::string& repository, const std::string& tag) {
  const std::string path = repository.substr(repository.find('/') + 1);
  HttpRequest request("HEAD", "http://" + registry().host() + "/v2/" + path + "/manifests/" + tag);
  request.username = TestRegistry::user;
  request.password = Secret(TestRegistry::password);
  request.headers = {{"Accept", "application/vnd.docker.distribution.manifest.v2+json"},
                     {"Accept", "application/vnd.oci.image.manifest.v1+json"}};
  const auto answer = send_http(request);
  REQUIRE(answer);
  return answer->header("docker-content-digest");
}

awaitable<Result<std::string>> saved(Images& images, std::vector<std::string> names) {
  Result<ResponseStream> stream = co_await images.save(std::move(names));
  if (!stream) co_return fail(std::move(stream.error()));
  std::string tar;
  while (true) {
    Result<std::string> piece = co_await stream->next();
    if (!piece) co_return fail(std::move(piece.error()));
    if (piece->empty()) co_return tar;
    tar += *piece;
  }
}

}  // namespace

TEST_CASE("an image comes back from the registry by tag and by digest as the one that was pushed", "[engine][shared]") {
  Workbench bench;
  const std::string id = bench.make("1", "one");
  const auto pushed = bench.push("1");
  REQUIRE(pushed);
  CHECK(pushed->digest == digest_at_registry(bench.repository, "1"));
  CHECK(pushed->size > 0);
  CHECK(pushed->layers_sent == 2);
  CHECK(pushed->layers_existing == 0);
  const auto known = bench.engine.run(bench.engine->images().inspect(id));
  REQUIRE(known);
  CHECK(known->digest_in(bench.repository) == pushed->digest);

  bench.forget(bench.repository + ":1");
  for (const std::string& reference : {std::string("1"), pushed->digest}) {
    const auto pulled = bench.pull(reference);
    REQUIRE(pulled);
    CHECK(pulled->id == id);
    CHECK(pulled->digest == pushed->digest);
    bench.forget(id);
  }
}

TEST_CASE("a second push sends no layer and gives the same digest", "[engine][shared]") {
  Workbench bench;
  bench.make("1", "one");
  const auto first = bench.push("1");
  REQUIRE(first);
  REQUIRE(bench.engine.run(bench.engine->images().tag(bench.repository + ":1", bench.repository, "again")));
  bench.names.push_back(bench.repository + ":again");
  std::size_t existing = 0;
  const auto second = bench.push("again", account(), [&](const ImageProgress& progress) {
    if (progress.phase == ImageProgress::Phase::exists) ++existing;
  });
  REQUIRE(second);
  CHECK(second->digest == first->digest);
  CHECK(second->layers_sent == 0);
  CHECK(second->layers_existing == 2);
  CHECK(existing == 2);
}

TEST_CASE("a tag that is moved gets another digest, and the old digest still gives the old image", "[engine][shared]") {
  Workbench bench;
  const std::string old_id = bench.make("live", "old");
  const auto old_push = bench.push("live");
  REQUIRE(old_push);
  const std::string new_id = bench.make("live", "new");
  const auto new_push = bench.push("live");
  REQUIRE(new_push);
  CHECK(new_push->digest != old_push->digest);
  CHECK(digest_at_registry(bench.repository, "live") == new_push->digest);
  bench.forget(old_id);
  const auto old_pull = bench.pull(old_push->digest);
  REQUIRE(old_pull);
  CHECK(old_pull->id == old_id);
  bench.names.push_back(old_id);
  const auto new_pull = bench.pull("live");
  REQUIRE(new_pull);
  CHECK(new_pull->id == new_id);
}

TEST_CASE("a push or a pull with wrong credentials or none fails as unauthorized", "[engine][shared]") {
  Workbench bench;
  const std::string id = bench.make("1", "one");
  for (const RegistryAuth& auth : {account("wrong"), RegistryAuth()}) {
    const auto pushed = bench.push("1", auth);
    REQUIRE_FALSE(pushed);
    CHECK(pushed.error().kind == Error::Kind::unauthorized);
    CHECK(pushed.error().message.find("push " + bench.repository + ":1") == 0);
    CHECK(pushed.error().message.find("wrong") == std::string::npos);
  }
  REQUIRE(bench.push("1"));
  bench.forget(bench.repository + ":1");
  for (const RegistryAuth& auth : {account("wrong"), RegistryAuth()}) {
    const auto pulled = bench.pull("1", auth);
    REQUIRE_FALSE(pulled);
    CHECK(pulled.error().kind == Error::Kind::unauthorized);
  }
}

TEST_CASE("what the registry does not have is not found", "[engine][shared]") {
  Workbench bench;
  bench.make("1", "one");
  REQUIRE(bench.push("1"));
  for (const std::string& reference : {std::string("nowhere"), "sha256:" + std::string(64, 'a')}) {
    const auto pulled = bench.pull(reference);
    REQUIRE_FALSE(pulled);
    CHECK(pulled.error().kind == Error::Kind::not_found);
  }
  const auto untagged = bench.push("nowhere");
  REQUIRE_FALSE(untagged);
  CHECK(untagged.error().kind == Error::Kind::not_found);
}

TEST_CASE("a registry that can't be reached is unavailable", "[engine][shared]") {
  Workbench bench;
  bench.make("1", "one");
  for (const std::string host : {"127.0.0.1:1", "registry.slipway-test.invalid"}) {
    const std::string repository = host + "/slipway-test/" + bench.salt;
    REQUIRE(bench.engine.run(bench.engine->images().tag(bench.repository + ":1", repository, "1")));
    bench.names.push_back(repository + ":1");
    PushSpec push{repository, "1", {}};
    const auto pushed = bench.engine.run(bench.engine->images().push(push));
    REQUIRE_FALSE(pushed);
    CHECK(pushed.error().kind == Error::Kind::unavailable);
    PullSpec pull{repository, "1", {}, {}};
    const auto pulled = bench.engine.run(bench.engine->images().pull(pull));
    REQUIRE_FALSE(pulled);
    CHECK(pulled.error().kind == Error::Kind::unavailable);
  }
}

TEST_CASE("a pull from a registry that never answers ends when it is cancelled", "[engine][shared]") {
  RealEngine engine;
  asio::ip::tcp::acceptor silent(engine.executor(), {asio::ip::address_v4::loopback(), 0});
  const std::string host = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  PullSpec spec{host + "/slipway-test/silent", "1", {}, {}};
  auto pulling = engine->images().pull(spec);
  const auto begun = std::chrono::steady_clock::now();
  const auto pulled = engine.run(with_deadline(std::chrono::milliseconds(300), std::move(pulling), "pull"));
  REQUIRE_FALSE(pulled);
  CHECK(pulled.error().kind == Error::Kind::timeout);
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(5));
}

TEST_CASE("names that are none never reach the engine's path", "[engine]") {
  RealEngine engine;
  for (const std::string name : {"", "../containers/json?all=1", "a/../../info", "a b", "x?force=1", "/etc", "a//b"}) {
    const auto image = engine.run(engine->images().inspect(name));
    REQUIRE_FALSE(image);
    CHECK(image.error().kind == Error::Kind::invalid);
    const auto removed = engine.run(engine->images().remove(name));
    REQUIRE_FALSE(removed);
    CHECK(removed.error().kind == Error::Kind::invalid);
  }
  PullSpec everything{"busybox", "", {}, {}};
  const auto pulled = engine.run(engine->images().pull(everything));
  REQUIRE_FALSE(pulled);
  CHECK(pulled.error().kind == Error::Kind::invalid);
}

TEST_CASE("images are listed and pruned by label", "[engine][shared]") {
  Workbench bench;
  const std::string first = bench.make("live", "first");
  const std::string second = bench.make("live", "second");  // leaves the first without a name
  auto by_label = Filters().label("slipway-test.images", bench.salt);
  const auto listed = bench.engine.run(bench.engine->images().list(by_label));
  REQUIRE(listed);
  CHECK(listed->size() == 2);
  const auto found = std::find_if(listed->begin(), listed->end(), [&](const auto& i) { return i.id == second; });
  REQUIRE(found != listed->end());
  CHECK(found->repo_tags == std::vector<std::string>{bench.repository + ":live"});
  CHECK(found->labels.at("slipway-test.images") == bench.salt);

  const auto pruned = bench.engine.run(bench.engine->images().prune(by_label));
  REQUIRE(pruned);
  CHECK(std::find(pruned->removed.begin(), pruned->removed.end(), first) != pruned->removed.end());
  const auto left = bench.engine.run(bench.engine->images().list(by_label));
  REQUIRE(left);
  CHECK(left->size() == 1);

  const auto unbounded = bench.engine.run(bench.engine->images().prune(Filters()));
  REQUIRE_FALSE(unbounded);
  CHECK(unbounded.error().kind == Error::Kind::invalid);
}

TEST_CASE("removing what is not there is success, what is in use a conflict", "[engine][shared]") {
  Workbench bench;
  const auto nothing = bench.engine.run(bench.engine->images().remove("slipway-test-nowhere:1"));
  REQUIRE(nothing);
  CHECK(nothing->deleted.empty());
  const std::string id = bench.make("1", "one");
  REQUIRE(bench.engine.run(bench.engine->images().tag(id, bench.repository, "other")));
  bench.names.push_back(bench.repository + ":other");
  const auto ambiguous = bench.engine.run(bench.engine->images().remove(id));
  REQUIRE_FALSE(ambiguous);
  CHECK(ambiguous.error().kind == Error::Kind::conflict);
}

TEST_CASE("an image survives save and load", "[engine]") {
  Workbench bench;
  const std::string id = bench.make("1", "one");
  const auto tar = bench.engine.run(saved(bench.engine->images(), {bench.repository + ":1"}));
  REQUIRE(tar);
  bench.forget(id);
  const auto loaded = bench.engine.run(bench.engine->images().load(std::make_unique<TextSource>(*tar, 60'000)));
  REQUIRE(loaded);
  CHECK(*loaded == std::vector<std::string>{bench.repository + ":1"});
  CHECK(bench.engine.run(bench.engine->images().inspect(bench.repository + ":1"))->id == id);

  const auto garbage = bench.engine.run(bench.engine->images().load(source_of({{"nothing", "in here"}})));
  CHECK_FALSE(garbage);
}

TEST_CASE("a root file system is imported with changes", "[engine][shared]") {
  Workbench bench;
  const std::string name = bench.repository + ":imported";
  const auto id = bench.engine.run(bench.engine->images().import(
      source_of({{"hello", bench.salt}}), bench.repository, "imported", {"ENV GREETING=hello", "CMD [\"/hello\"]"}));
  REQUIRE(id);
  bench.names.push_back(name);
  const auto image = bench.engine.run(bench.engine->images().inspect(name));
  REQUIRE(image);
  CHECK(image->id == *id);
  CHECK(image->environment == std::vector<std::string>{"GREETING=hello"});
  CHECK(image->command == std::vector<std::string>{"/hello"});
  CHECK(image->os == "linux");
}

TEST_CASE("the classic builder pulls a private base image with the credentials it is given", "[engine][shared]") {
  Workbench bench;
  const std::string base_id = bench.make("base", "base");
  REQUIRE(bench.push("base"));
  bench.forget(base_id);
  BuildSpec spec;
  spec.id = "slipway-test-private-" + bench.salt;
  spec.tags = {"slipway-test-private:" + bench.salt};
  const std::map<std::string, std::string> files{{"Dockerfile", "FROM " + bench.repository + ":base\nENV A=b\n"}};
  const auto refused = bench.engine.run(bench.engine->builds().build(spec, source_of(files)));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().kind == Error::Kind::unauthorized);
  CHECK(refused.error().hint.find("pull private base images first") != std::string::npos);
  spec.credentials.emplace(registry().host(), account());
  const auto built = bench.engine.run(bench.engine->builds().build(spec, source_of(files)));
  REQUIRE(built);
  CHECK(built->builder == Builder::classic);
  bench.names.push_back(spec.tags[0]);
}

TEST_CASE("BuildKit builds on a private base image that was pulled before", "[engine][shared]") {
  Workbench bench;
  const std::string base_id = bench.make("base", "base");
  REQUIRE(bench.push("base"));
  bench.forget(base_id);
  REQUIRE(bench.pull("base"));
  BuildSpec spec;
  spec.id = "slipway-test-pulled-" + bench.salt;
  spec.builder = Builder::buildkit;
  spec.tags = {"slipway-test-pulled:" + bench.salt};
  const auto built = bench.engine.run(bench.engine->builds().build(
      spec, source_of({{"Dockerfile", "FROM " + bench.repository + ":base\nRUN cat /content\n"}})));
  REQUIRE(built);
  bench.names.push_back(spec.tags[0]);
}
