// What a good registry never does; what it does is tested against a real one in tests/integration/images.
#include "images/registry_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/images/small_server.hpp"

namespace slipway::images {
namespace {

using asio::ip::tcp;
using Asked = SmallServer::Asked;
using Answer = SmallServer::Answer;

const std::string kConfig = "sha256:" + std::string(64, 'c');
const std::string kManifest =
    R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"digest":")" + kConfig +
    R"("},"layers":[]})";
const std::string kDigest = "sha256:" + sha256_hex(kManifest);

std::string digest_header(const std::string& digest) {
  return "Docker-Content-Digest: " + digest + "\r\n";
}

docker::RegistryAuth account() {
  docker::RegistryAuth auth;
  auth.username = "user";
  auth.password = Secret("s3cr3t");
  return auth;
}

/// A client of a server that answers as told.
struct Session {
  explicit Session(SmallServer::Handler handler) : server(std::move(handler)) {}

  [[nodiscard]] Reference named(const std::string& tag) const {
    return *parse_reference(server.host() + "/app:" + tag);
  }
  Result<Descriptor> resolve(docker::RegistryAuth auth = {}) {
    return run_async(client.resolve(named("1"), std::move(auth)));
  }
  Result<Manifest> manifest(const std::string& digest = {}) {
    const Reference reference = digest.empty() ? named("1") : *named("1").with_digest(digest);
    return run_async(client.manifest(reference, {}));
  }
  Result<std::vector<std::string>> tags() { return run_async(client.tags(named("1"), {}, 100)); }

  SmallServer server;
  Pool pool{1};
  ManualClock clock{*parse_time("2026-01-01T00:00:00Z")};
  RegistryClient client{pool, clock};
};

SmallServer::Handler always(Answer answer) {
  return [answer = std::move(answer)](const Asked&) { return answer; };
}

}  // namespace

TEST_CASE("a registry that doesn't say a digest to HEAD is asked for the manifest") {
  Session session(
      [](const Asked& asked) { return asked.line.starts_with("HEAD") ? Answer(200, "") : Answer(200, kManifest); });
  const Result<Descriptor> found = session.resolve();
  REQUIRE(found);
  CHECK(found->digest == kDigest);
  CHECK(found->size == static_cast<std::int64_t>(kManifest.size()));
}

TEST_CASE("a digest header of nonsense is not believed") {
  Session session(always(Answer(200, kManifest, digest_header("latest"))));
  CHECK(session.resolve().error().kind == Error::Kind::protocol);
}

TEST_CASE("a manifest whose bytes are not those that were asked for is refused") {
  const std::string other = "sha256:" + std::string(64, '0');
  Session claims_other(always(Answer(200, kManifest, digest_header(other))));
  CHECK(claims_other.manifest().error().kind == Error::Kind::protocol);
  Session gives_other(always(Answer(200, kManifest, digest_header(kDigest))));
  CHECK(gives_other.manifest(other).error().kind == Error::Kind::protocol);
  CHECK(gives_other.manifest(kDigest)->config_digest == kConfig);
  CHECK(gives_other.manifest("sha512:" + std::string(128, '0')).error().kind == Error::Kind::invalid);
}

TEST_CASE("what is neither a manifest nor an index is refused") {
  for (const char* body : {"", "[]", "{", "{}", R"({"config":{"digest":"latest"}})", R"({"config":"x"})",
                           R"({"manifests":[],"config":{"digest":"x"}})", R"({"schemaVersion":1,"fsLayers":[]})"}) {
    CAPTURE(body);
    Session session(always(Answer(200, body)));
    CHECK(session.manifest().error().kind == Error::Kind::protocol);
  }
  Session index(always(Answer(200, R"({"manifests":[]})")));
  CHECK(index.manifest()->index());
}

TEST_CASE("a registry that never answers leaves threads for others, and whoever is cancelled does not wait for it") {
  asio::io_context io;
  const tcp::acceptor silent(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  const std::string host = "127.0.0.1:" + std::to_string(silent.local_endpoint().port());
  SmallServer good(always(Answer(200, kManifest, digest_header(kDigest))));
  Pool pool{5};
  const ManualClock clock{*parse_time("2026-01-01T00:00:00Z")};
  const RegistrySettings settings;
  RegistryClient client{pool, clock, settings};
  RegistryClient another{pool, clock, settings};
  Tasks stuck(io.get_executor());
  const auto ask = [](RegistryClient& registries, std::string name, bool& answered) -> awaitable<void> {
    docker::RegistryAuth nobody;
    Reference reference = *parse_reference(name);
    const auto found = co_await registries.resolve(std::move(reference), std::move(nobody));
    answered = found.has_value();
  };
  bool from_silent = false;
  bool from_good = false;
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 8; ++i) {
    stuck.spawn("asks the silent one", ask(i % 2 == 0 ? client : another, host + "/app:1", from_silent));
  }
  spawn(io.get_executor(), "asks the good one", ask(client, good.host() + "/app:1", from_good));
  for (int i = 0; i < 1000 && !from_good; ++i) io.run_for(std::chrono::milliseconds(5));
  CHECK(from_good);
  CHECK(stuck.size() == 8);
  stuck.cancel();
  io.restart();
  io.run();
  CHECK(stuck.size() == 0);
  CHECK_FALSE(from_silent);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(15));  // an exchange may take 30 s
}

TEST_CASE("a manifest over 4 MiB is too large") {
  Session session(always(Answer(200, std::string((4 << 20) + 1, ' '))));
  CHECK(session.manifest().error().kind == Error::Kind::too_large);
}

TEST_CASE("a busy registry is unavailable, and its wish is passed on") {
  Session session(
      always(Answer(429, R"({"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]})", "Retry-After: 17\r\n")));
  const Error error = session.manifest().error();
  CHECK(error.transient());
  CHECK(error.message.ends_with("TOOMANYREQUESTS, slow down"));
  CHECK(error.hint == "the registry asks to wait 17 s");
}

TEST_CASE("tags are followed from page to page, on the same registry only") {
  Session pages([](const Asked& asked) {
    if (asked.path.find("last=b") == std::string::npos) {
      return Answer(200, R"({"tags":["b","a",7,"not a tag"]})",
                    "Link: </v2/app/tags/list?last=b&n=2>; rel=\"next\"\r\n");
    }
    return Answer(200, R"({"tags":["c"]})");
  });
  CHECK(*pages.tags() == std::vector<std::string>{"a", "b", "c"});

  for (const char* link :
       {"<http://evil.example/v2/app/tags/list?n=1>; rel=\"next\"", "</v2/other/tags/list?n=1>; rel=\"next\"",
        "</etc/passwd>; rel=\"next\"", "<//evil.example/v2/app/tags/list?x>; rel=\"next\""}) {
    CAPTURE(link);
    Session hostile(always(Answer(200, R"({"tags":["a"]})", std::string("Link: ") + link + "\r\n")));
    CHECK(hostile.tags().error().kind == Error::Kind::protocol);
    CHECK(hostile.server.asked().size() == 1);
  }
}

TEST_CASE("pages of tags that never end do end") {
  const std::string next = "Link: </v2/app/tags/list?last=a>; rel=\"next\"\r\n";
  Session empty(always(Answer(200, R"({"tags":[]})", next)));
  CHECK(empty.tags().error().kind == Error::Kind::protocol);
  Session repeating(always(Answer(200, R"({"tags":["a"]})", next)));
  CHECK(repeating.tags().error().kind == Error::Kind::too_large);
  Session none(always(Answer(200, R"({"name":"app","tags":null})")));
  CHECK(none.tags()->empty());
}

TEST_CASE("no password goes to a token service in the clear, nor to a registry that only wants one for a stranger") {
  Session session(
      always(Answer(401, "", "WWW-Authenticate: Bearer realm=\"http://evil.example/token\",service=\"s\"\r\n")));
  const Error error = session.resolve(account()).error();
  CHECK(error.kind == Error::Kind::forbidden);
  CHECK(error.message.find("http://evil.example") != std::string::npos);
  CHECK(error.message.find("s3cr3t") == std::string::npos);
}

TEST_CASE("what a registry redirects to gets no credentials by asking for them") {
  SmallServer tokens(always(Answer(200, R"({"token": "t0ken"})")));
  for (const std::string& challenge :
       {"Bearer realm=\"http://" + tokens.host() + "/token\"", std::string("Basic realm=\"r\"")}) {
    CAPTURE(challenge);
    SmallServer other(always(Answer(401, "", "WWW-Authenticate: " + challenge + "\r\n")));
    Session session(always(Answer(307, "", "Location: http://" + other.host() + "/v2/app/manifests/1\r\n")));
    const Error error = session.resolve(account()).error();
    CHECK(error.kind == Error::Kind::unauthorized);
    CHECK(error.message.find("sent us on to http://" + other.host()) != std::string::npos);
    CHECK(session.server.asked().size() == 1);
    CHECK(other.asked().size() == 1);
  }
  CHECK(tokens.asked().empty());
}

TEST_CASE("a redirect within a registry, and one to who wants no credentials, is followed") {
  Session within([](const Asked& asked) {
    if (asked.path.find("/moved") == std::string::npos) return Answer(307, "", "Location: /v2/moved/manifests/1\r\n");
    const bool shown = asked.head.find("Authorization: Basic " + to_base64("user:s3cr3t")) != std::string::npos;
    return shown ? Answer(200, "", digest_header(kDigest)) : Answer(401, "", "WWW-Authenticate: Basic realm=\"r\"\r\n");
  });
  CHECK(within.resolve(account()));
  SmallServer open(always(Answer(200, "", digest_header(kDigest))));
  Session away(always(Answer(307, "", "Location: http://" + open.host() + "/v2/app/manifests/1\r\n")));
  CHECK(away.resolve(account()));
}

TEST_CASE("an identity token does not go where its token service redirects to") {
  SmallServer other(always(Answer(200, R"({"token": "t0ken"})")));
  SmallServer tokens(always(Answer(307, "", "Location: http://" + other.host() + "/token\r\n")));
  Session session(always(Answer(401, "", "WWW-Authenticate: Bearer realm=\"http://" + tokens.host() + "/token\"\r\n")));
  docker::RegistryAuth auth;
  auth.identity_token = Secret("refresh");
  CHECK_FALSE(session.resolve(auth));
  CHECK(tokens.asked().size() == 1);
  CHECK(other.asked().empty());
}

TEST_CASE("a registry that refuses whatever it is shown is asked twice") {
  Session session(always(Answer(401, "", "WWW-Authenticate: Basic realm=\"r\"\r\n")));
  CHECK(session.resolve(account()).error().kind == Error::Kind::unauthorized);
  CHECK(session.server.asked().size() == 2);
  Session silent(always(Answer(401, "")));
  CHECK(silent.resolve(account()).error().kind == Error::Kind::unauthorized);
}

TEST_CASE("once a registry asked for a password it gets it at once") {
  Session session([](const Asked& asked) {
    const bool shown = asked.head.find("Authorization: Basic " + to_base64("user:s3cr3t")) != std::string::npos;
    return shown ? Answer(200, "", digest_header(kDigest)) : Answer(401, "", "WWW-Authenticate: Basic realm=\"r\"\r\n");
  });
  REQUIRE(session.resolve(account()));
  REQUIRE(session.resolve(account()));
  CHECK(session.server.asked().size() == 3);
}

TEST_CASE("a token service that answers nonsense is a protocol error") {
  SmallServer tokens(always(Answer(200, R"({"token": 5})")));
  Session session(always(Answer(401, "", "WWW-Authenticate: Bearer realm=\"http://" + tokens.host() + "/token\"\r\n")));
  CHECK(session.resolve(account()).error().kind == Error::Kind::protocol);
}

TEST_CASE("a token is asked for by what the registry names, and its life is bounded") {
  SmallServer tokens(always(Answer(200, R"({"access_token": "t0ken", "expires_in": 999999999})")));
  Session session([&](const Asked& asked) {
    const bool shown = asked.head.find("Authorization: Bearer t0ken\r\n") != std::string::npos;
    return shown ? Answer(200, "", digest_header(kDigest))
                 : Answer(401, "",
                          "WWW-Authenticate: Bearer realm=\"http://" + tokens.host() +
                              "/token?x=1\",service=\"a b\",scope=\"repository:app:pull\"\r\n");
  });
  REQUIRE(session.resolve(account()));
  CHECK(tokens.asked() ==
        std::vector<std::string>{"GET /token?x=1&scope=repository%3Aapp%3Apull&service=a%20b HTTP/1.1"});
  session.clock.advance(std::chrono::hours(2));
  REQUIRE(session.resolve(account()));
  CHECK(tokens.asked().size() == 2);
}

TEST_CASE("where the registry names no scope, a token is asked for that is enough for the request") {
  SmallServer tokens([](const Asked& asked) {
    const bool push = asked.path.find("scope=repository%3Aapp%3Apull%2Cpush") != std::string::npos;
    return Answer(200, push ? R"({"token": "pushes"})" : R"({"token": "pulls"})");
  });
  Session session([&](const Asked& asked) {
    const std::string wanted = asked.line.starts_with("POST") ? "pushes" : "pulls";
    if (asked.head.find("Authorization: Bearer " + wanted + "\r\n") == std::string::npos) {
      return Answer(401, "", "WWW-Authenticate: Bearer realm=\"http://" + tokens.host() + "/token\",service=\"r\"\r\n");
    }
    return asked.line.starts_with("POST") ? Answer(202, "") : Answer(200, "", digest_header(kDigest));
  });
  CHECK(session.resolve(account()));
  CHECK(run_async(session.client.check_push(session.named("1"), account())));
  CHECK(tokens.asked() ==
        std::vector<std::string>{"GET /token?scope=repository%3Aapp%3Apull&service=r HTTP/1.1",
                                 "GET /token?scope=repository%3Aapp%3Apull%2Cpush&service=r HTTP/1.1"});
}

}  // namespace slipway::images
