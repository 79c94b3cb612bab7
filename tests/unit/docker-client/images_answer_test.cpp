#include "docker-client/images_answer.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "docker-client/images_errors.hpp"
#include "docker-client/images_json.hpp"
#include "tests/unit/docker-client/recorded.hpp"

using namespace slipway;
using namespace slipway::docker;

namespace {

constexpr auto digest = "sha256:61f6ed0ce09e1a2a0ad2f5ac2c4b1a4e3a1f5b8d6d5b0a5f0b0f2d0c9e8a7b6c";
using Phase = ImageProgress::Phase;

}  // namespace

TEST_CASE("a pull's answer gives its digest and the way of each layer") {
  for (const std::size_t chunk : {std::size_t{1}, std::size_t{50}, std::size_t{10'000}}) {
    std::vector<Phase> phases;
    Bytes most;
    ImageAnswer answer([&](const ImageProgress& progress) {
      if (progress.layer == "9ad63333ebc9") phases.push_back(progress.phase);
      if (progress.phase == Phase::transferring && progress.bytes.current > 0) most = progress.bytes;
    });
    const std::string text = recorded_lines("pull_api_1.48");
    for (std::size_t at = 0; at < text.size(); at += chunk) REQUIRE(answer.feed(text.substr(at, chunk)));
    REQUIRE(answer.finish());
    CHECK(answer.pulled());
    CHECK(answer.digest() == digest);
    CHECK(answer.layers_existing() == 1);
    CHECK(answer.layers_done() == 1);
    CHECK(most == Bytes{1984132, 1984132});
    CHECK(phases == std::vector<Phase>{Phase::waiting, Phase::transferring, Phase::retrying, Phase::transferring,
                                       Phase::transferring, Phase::transferring, Phase::extracting, Phase::done});
  }
}

TEST_CASE("a pull whose answer stops in the middle was not done") {
  ImageAnswer answer({});
  const std::string text = recorded_lines("pull_api_1.48");
  REQUIRE(answer.feed(text.substr(0, text.find("Status: ") - 12)));
  REQUIRE(answer.finish());
  CHECK_FALSE(answer.pulled());
}

TEST_CASE("a push's answer gives the digest, its size and the layers sent and not sent") {
  ImageAnswer answer({});
  REQUIRE(answer.feed(recorded_lines("push_api_1.48")));
  REQUIRE(answer.finish());
  CHECK(answer.digest() == digest);
  CHECK(answer.manifest_size() == 735);
  CHECK(answer.layers_existing() == 1);
  CHECK(answer.layers_done() == 1);
}

TEST_CASE("recorded answers of API 1.45 to pull and push are read alike") {
  constexpr auto manifest = "sha256:57f36cf866af1ae0b458cc5605c9fdcfa2dcb71a35ff0ecb4773155214494e44";
  ImageAnswer push({});
  REQUIRE(push.feed(recorded_lines("push_api_1.45")));
  CHECK(push.digest() == manifest);
  CHECK(push.layers_done() == 3);
  ImageAnswer pull({});
  REQUIRE(pull.feed(recorded_lines("pull_api_1.45")));
  CHECK(pull.digest() == manifest);
  CHECK(pull.layers_existing() == 3);
  CHECK(pull.pulled());
}

TEST_CASE("an error that comes after a status of 200 is never missed") {
  ImageAnswer denied({});
  const auto fed = denied.feed(recorded_lines("push_denied_api_1.48"));
  REQUIRE_FALSE(fed);
  CHECK(fed.error().kind == Error::Kind::unauthorized);
  CHECK(fed.error().message == "unauthorized: authentication required");

  ImageAnswer old({});
  const auto old_fed = old.feed("{\"status\":\"Preparing\",\"id\":\"a\"}\r\n{\"error\":\"denied: not yours\"}\r\n");
  REQUIRE_FALSE(old_fed);
  CHECK(old_fed.error().kind == Error::Kind::forbidden);

  ImageAnswer last({});
  REQUIRE(last.feed("{\"errorDetail\":{\"message\":\"no such host\"}"));
  const auto end = last.finish();
  REQUIRE_FALSE(end);
}

TEST_CASE("a push that ends without a digest names none") {
  ImageAnswer answer({});
  REQUIRE(answer.feed("{\"status\":\"The push refers to repository [x]\"}{\"status\":\"Pushed\",\"id\":\"a\"}"));
  REQUIRE(answer.finish());
  CHECK(answer.digest().empty());
}

TEST_CASE("a load names what it loaded") {
  ImageAnswer answer({});
  REQUIRE(answer.feed("{\"stream\":\"Loaded image: shop/app:1\\n\"}{\"stream\":\"Loaded image ID: sha256:abc\\n\"}"));
  CHECK(answer.loaded() == std::vector<std::string>{"shop/app:1", "sha256:abc"});
}

TEST_CASE("what registries and networks say is told apart") {
  const std::vector<std::pair<std::string, Error::Kind>> said{
      {"Head \"https://r.example/v2/a/manifests/1\": no basic auth credentials", Error::Kind::unauthorized},
      {"Get \"https://r.example/v2/\": unauthorized: incorrect username or password", Error::Kind::unauthorized},
      {"unauthorized: authentication required", Error::Kind::unauthorized},
      {"denied: requested access to the resource is denied", Error::Kind::forbidden},
      {"pull access denied for x, repository does not exist or may require 'docker login'", Error::Kind::not_found},
      {"manifest for r.example/a:1 not found: manifest unknown: manifest unknown", Error::Kind::not_found},
      {"An image does not exist locally with the tag: r.example/a", Error::Kind::not_found},
      {"Get \"https://r.example/v2/\": dial tcp: lookup r.example: no such host", Error::Kind::unavailable},
      {"dial tcp 192.0.2.1:443: connect: connection refused", Error::Kind::unavailable},
      {"net/http: TLS handshake timeout", Error::Kind::unavailable},
      {"toomanyrequests: You have reached your pull rate limit", Error::Kind::unavailable},
      {"received unexpected HTTP status: 503 Service Unavailable", Error::Kind::unavailable},
      {"Get \"https://r.example/v2/\": EOF", Error::Kind::unavailable},
      {"invalid reference format", Error::Kind::invalid},
      {"blob upload invalid", Error::Kind::failed},
  };
  for (const auto& [text, kind] : said) {
    CAPTURE(text);
    CHECK(registry_error(text).kind == kind);
  }
}

TEST_CASE("a registry's error is one line of bounded length") {
  const Error error = registry_error("first\nsecond" + std::string(10'000, 'x'));
  CHECK(error.message.find('\n') == std::string::npos);
  CHECK(error.message.size() <= 2'000);
}

TEST_CASE("only the catch-all kind of a transport's error is made exact") {
  CHECK(registry_error(Error(Error::Kind::internal, "no basic auth credentials")).kind == Error::Kind::unauthorized);
  CHECK(registry_error(Error(Error::Kind::internal, "layer store is broken")).kind == Error::Kind::internal);
  CHECK(registry_error(Error(Error::Kind::not_found, "unauthorized")).kind == Error::Kind::not_found);
}

TEST_CASE("an inspected image is read field by field, of old and new engines") {
  const auto json = parse_json(R"({"Id":"sha256:abc","RepoTags":["r.example:5000/shop/app:1","<none>:<none>"],
    "RepoDigests":["r.example:5000/shop/app@sha256:d1","<none>@<none>"],"Created":"2026-11-25T01:28:51.5Z","Size":42,
    "Os":"linux","Architecture":"arm64","Variant":"v8","Config":{"Env":["A=1"],"Cmd":["run"],"Entrypoint":["/init"],
    "User":"app","WorkingDir":"/srv","ExposedPorts":{"80/tcp":{}},"Volumes":{"/data":{}},"Labels":{"a":"b"},
    "Healthcheck":{"Test":["CMD","true"]}}})");
  REQUIRE(json);
  const Image image = image_from(*json);
  CHECK(image.id == "sha256:abc");
  CHECK(image.repo_tags == std::vector<std::string>{"r.example:5000/shop/app:1"});
  CHECK(image.repo_digests == std::vector<std::string>{"r.example:5000/shop/app@sha256:d1"});
  CHECK(image.digest_in("r.example:5000/shop/app") == "sha256:d1");
  CHECK(image.digest_in("r.example:5000/shop/ap").empty());
  CHECK(image.environment == std::vector<std::string>{"A=1"});
  CHECK(image.command == std::vector<std::string>{"run"});
  CHECK(image.entrypoint == std::vector<std::string>{"/init"});
  CHECK(image.user == "app");
  CHECK(image.working_directory == "/srv");
  CHECK(image.exposed_ports == std::vector<std::string>{"80/tcp"});
  CHECK(image.volumes == std::vector<std::string>{"/data"});
  CHECK(image.labels == Labels{{"a", "b"}});
  CHECK(image.variant == "v8");
  CHECK(image.size == 42);
  CHECK(image.healthcheck);
  REQUIRE(image.created);
  CHECK(format_time(*image.created) == "2026-11-25T01:28:51.500Z");

  const auto bare =
      parse_json(R"({"Id":"sha256:abc","RepoTags":null,"Config":{"Labels":null,"Healthcheck":{"Test":["NONE"]}}})");
  const Image empty = image_from(*bare);
  CHECK(empty.repo_tags.empty());
  CHECK(empty.labels.empty());
  CHECK_FALSE(empty.healthcheck);
  CHECK_FALSE(empty.created);
}
