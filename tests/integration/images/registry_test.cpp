#include <catch2/catch.hpp>

#include "images/publish.hpp"
#include "images/registry_client.hpp"
#include "tests/integration/images/bench.hpp"
#include "tests/integration/images/token_server.hpp"
#include "tests/support/test_registry.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

docker::RegistryAuth account(const std::string& host, const std::string& password = TestRegistry::password) {
  docker::RegistryAuth auth;
  auth.username = TestRegistry::user;
  auth.password = Secret(password);
  auth.server = host;
  return auth;
}

/// A registry with basic authentication, shared by the tests of this file.
TestRegistry& basic_registry() {
  static TestRegistry running;
  return running;
}

/// A registry that takes the tokens of a token server.
struct TokenRegistry {
  Tree folder;
  TokenServer tokens{folder.path()};
  TestRegistry registry{"{token: {realm: \"" + tokens.realm() + "\", service: " + TokenServer::service + ", issuer: " +
                        TokenServer::issuer + ", rootcertbundle: " + tokens.certificate().string() + "}}"};
};

/// A client, an image of its own and a repository to push it to.
struct Session {
  explicit Session(const std::string& registry) : host(registry) {
    const Tree tree;
    tree.file("Dockerfile", "FROM scratch\nCOPY content /\n");
    tree.file("content", bench.salt());
    image_id = bench.build(ContextSpec(tree.path()), docker::Builder::buildkit);
  }

  [[nodiscard]] Reference named(const std::string& tag) const {
    return *parse_reference(host + "/test/" + bench.salt() + ":" + tag);
  }
  Result<PushedImage> push(const std::string& tag, docker::RegistryAuth auth) {
    return bench.engine.run(
        publish(bench.engine->images(), client, *BuiltImage::restore(image_id), named(tag), std::move(auth)));
  }
  Result<Descriptor> resolve(const Reference& reference, docker::RegistryAuth auth) {
    return bench.engine.run(client.resolve(reference, std::move(auth)));
  }
  Result<Manifest> manifest(const Reference& reference, docker::RegistryAuth auth) {
    return bench.engine.run(client.manifest(reference, std::move(auth)));
  }
  Result<std::vector<std::string>> tags(docker::RegistryAuth auth, std::size_t limit = 100) {
    return bench.engine.run(client.tags(named("x"), std::move(auth), limit));
  }

  std::string host;
  ImageBench bench;
  std::string image_id;
  Pool pool{1};
  ManualClock clock{SystemClock().now()};
  RegistryClient client{pool, clock};
};

/// Checks everything that can be asked of a pushed image; the same for both ways to log in.
void check_pushed(Session& session, const docker::RegistryAuth& auth) {
  const Result<PushedImage> pushed = session.push("1", auth);
  CAPTURE(pushed ? "" : pushed.error().message);
  REQUIRE(pushed);
  CHECK(pushed->config_id() == session.image_id);
  CHECK(session.push("2", auth)->digest() == pushed->digest());

  const Result<Descriptor> found = session.resolve(session.named("1"), auth);
  REQUIRE(found);
  CHECK(found->digest == pushed->digest());
  const Result<Manifest> manifest = session.manifest(pushed->pinned(), auth);
  REQUIRE(manifest);
  CHECK(manifest->config_digest == session.image_id);
  CHECK(manifest->descriptor.size == found->size);
  CHECK(manifest->descriptor.media_type == found->media_type);
  CHECK(*session.tags(auth) == std::vector<std::string>{"1", "2"});
  CHECK(session.resolve(session.named("none"), auth).error().kind == Error::Kind::not_found);
  CHECK(session.manifest(*session.named("1").with_digest("sha256:" + std::string(64, '0')), auth).error().kind ==
        Error::Kind::not_found);
}

}  // namespace

TEST_CASE("a registry with basic authentication has what was pushed, by tag and digest", "[engine]") {
  Session session(basic_registry().host());
  check_pushed(session, account(session.host));
}

TEST_CASE("a registry with token authentication has what was pushed, and a token is used until it expires",
          "[engine]") {
  const TokenRegistry rig;
  Session session(rig.registry.host());
  check_pushed(session, account(session.host));

  std::size_t asked = rig.tokens.requests().size();
  REQUIRE(session.resolve(session.named("1"), account(session.host)));
  CHECK(rig.tokens.requests().size() == asked);
  session.clock.advance(std::chrono::minutes(5));
  REQUIRE(session.resolve(session.named("1"), account(session.host)));
  CHECK(rig.tokens.requests().size() == asked + 1);

  asked = rig.tokens.requests().size();
  docker::RegistryAuth by_token;
  by_token.identity_token = Secret(TokenServer::refresh);
  CHECK(session.resolve(session.named("1"), by_token)->digest.starts_with("sha256:"));
  CHECK(rig.tokens.requests().size() == asked + 1);
  CHECK(rig.tokens.requests().back().starts_with("POST /token "));
}

TEST_CASE("wrong and missing credentials are unauthorized, in words that hold no password", "[engine]") {
  const TokenRegistry rig;
  const std::string wrong = "wr0ng-password";
  for (const std::string& host : {basic_registry().host(), rig.registry.host()}) {
    Session session(host);
    for (const docker::RegistryAuth& auth : {docker::RegistryAuth(), account(host, wrong)}) {
      CAPTURE(host, auth.username);
      for (const Error& error : {session.resolve(session.named("1"), auth).error(), session.tags(auth).error(),
                                 session.push("1", auth).error()}) {
        CAPTURE(error.message);
        CHECK(error.kind == Error::Kind::unauthorized);
        CHECK((error.message + error.hint).find(wrong) == std::string::npos);
      }
    }
  }
}

TEST_CASE("who may not push to a repository gets no image of that name into the engine either", "[engine]") {
  Session session(basic_registry().host());
  CHECK(session.push("1", account(session.host, "wrong")).error().kind == Error::Kind::unauthorized);
  CHECK(session.bench.engine.run(session.bench.engine->images().inspect(session.named("1").familiar())).error().kind ==
        Error::Kind::not_found);
}

TEST_CASE("changed credentials are not served another's token", "[engine]") {
  const TokenRegistry rig;
  Session session(rig.registry.host());
  REQUIRE(session.push("1", account(session.host)));
  CHECK(session.resolve(session.named("1"), account(session.host, "other")).error().kind == Error::Kind::unauthorized);
}

TEST_CASE("an image that is there already is not pushed again, another one under the same tag is", "[engine]") {
  Session first(basic_registry().host());
  const docker::RegistryAuth auth = account(first.host);
  REQUIRE(first.push("1", auth));
  std::size_t reports = 0;
  const auto count = [&](const docker::ImageProgress&) { ++reports; };
  const auto again = first.bench.engine.run(publish(
      first.bench.engine->images(), first.client, *BuiltImage::restore(first.image_id), first.named("1"), auth, count));
  REQUIRE(again);
  CHECK(reports == 0);

  Session second(first.host);
  const auto moved =
      first.bench.engine.run(publish(first.bench.engine->images(), first.client, *BuiltImage::restore(second.image_id),
                                     first.named("1"), auth, count));
  REQUIRE(moved);
  CHECK(reports > 0);
  CHECK(moved->digest() != again->digest());
  // Whoever holds the first identity still gets the first image.
  CHECK(first.manifest(again->pinned(), auth)->config_digest == first.image_id);
}

TEST_CASE("tags come page by page, up to a limit", "[engine]") {
  Session session(basic_registry().host());
  const docker::RegistryAuth auth = account(session.host);
  for (const char* tag : {"a", "b", "c"}) REQUIRE(session.push(tag, auth));
  CHECK(session.tags(auth, 3)->size() == 3);
  CHECK(session.tags(auth, 2).error().kind == Error::Kind::too_large);
}

TEST_CASE("an image that is not on the engine can't be pushed", "[engine]") {
  Session session(basic_registry().host());
  session.image_id = "sha256:" + std::string(64, '1');
  CHECK(session.push("1", account(session.host)).error().kind == Error::Kind::not_found);
}

TEST_CASE("a registry that is not there is unavailable") {
  Session session("127.0.0.1:1");
  CHECK(session.resolve(session.named("1"), {}).error().kind == Error::Kind::unavailable);
  CHECK(session.push("1", {}).error().kind == Error::Kind::unavailable);
}

}  // namespace slipway::images
