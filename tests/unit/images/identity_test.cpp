#include "images/identity.hpp"

#include <type_traits>

#include <catch2/catch.hpp>

#include "images/labels.hpp"

namespace slipway::images {
namespace {

const std::string kConfigId = "sha256:" + std::string(64, 'c');
const std::string kManifestDigest = "sha256:" + std::string(64, 'd');

}  // namespace

TEST_CASE("an image can't be named by a tag, only by what a build or a push gave") {
  STATIC_REQUIRE_FALSE(std::is_constructible_v<BuiltImage, std::string>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<PushedImage, BuiltImage, Reference, std::string>);
  STATIC_REQUIRE_FALSE(std::is_constructible_v<PinnedImage, Reference>);
}

TEST_CASE("a default value names nothing and is false") {
  CHECK_FALSE(BuiltImage());
  CHECK_FALSE(PushedImage());
  CHECK_FALSE(PinnedImage());
  CHECK_FALSE(PushedImage::restore(BuiltImage(), *parse_reference("app:1"), kManifestDigest));
}

TEST_CASE("a pushed image is pulled by digest, from where it was pushed to") {
  docker::BuildOutcome outcome;
  outcome.image_id = kConfigId;
  const Result<BuiltImage> built = BuiltImage::from(outcome);
  REQUIRE(built);
  docker::Pushed pushed;
  pushed.digest = kManifestDigest;
  const Result<PushedImage> image = PushedImage::from(*built, *parse_reference("registry.example/shop/app:7"), pushed);
  REQUIRE(image);
  CHECK(image->config_id() == kConfigId);
  CHECK(image->digest() == kManifestDigest);
  CHECK(image->tag() == "7");
  CHECK(image->pinned().text() == "registry.example/shop/app@" + kManifestDigest);
}

TEST_CASE("what an engine or a record says is no identity unless it is a digest") {
  CHECK_FALSE(BuiltImage::restore(""));
  CHECK_FALSE(BuiltImage::restore("busybox:latest"));
  CHECK_FALSE(BuiltImage::restore(std::string(64, 'c')));
  const BuiltImage built = *BuiltImage::restore(kConfigId);
  CHECK_FALSE(PushedImage::restore(built, *parse_reference("app:1"), "latest"));
  CHECK_FALSE(PushedImage::restore(built, *parse_reference("app"), kManifestDigest));
}

TEST_CASE("a foreign image needs a digest") {
  CHECK_FALSE(PinnedImage::from(*parse_reference("postgres:16")));
  const Result<PinnedImage> pinned = PinnedImage::from(*parse_reference("postgres:16@" + kManifestDigest));
  REQUIRE(pinned);
  CHECK(pinned->pinned().familiar() == "postgres@" + kManifestDigest);
}

TEST_CASE("an image is labelled with where it comes from") {
  Origin origin;
  origin.commit = "0123456789abcdef0123456789abcdef01234567";
  origin.source = "https://forge.example/shop/app.git";
  origin.version = "v1.2";
  origin.title = "app";
  origin.created = *parse_time("2026-01-02T03:04:05Z");
  const docker::Labels expected = {
      {"org.opencontainers.image.revision", "0123456789abcdef0123456789abcdef01234567"},
      {"org.opencontainers.image.source", "https://forge.example/shop/app.git"},
      {"org.opencontainers.image.version", "v1.2"},
      {"org.opencontainers.image.title", "app"},
      {"org.opencontainers.image.created", "2026-01-02T03:04:05.000Z"},
  };
  CHECK(image_labels(origin) == expected);
}

TEST_CASE("an image says what it is built on, and of which digest only where the Dockerfile says that") {
  const auto labels = [](std::string_view base) {
    Origin origin;
    origin.base = *parse_reference(base);
    return image_labels(origin);
  };
  const std::string name = "org.opencontainers.image.base.name", digest = "org.opencontainers.image.base.digest";
  const std::string sum = "sha256:" + std::string(64, 'a');
  CHECK(labels("debian:12") == docker::Labels{{name, "docker.io/library/debian:12"}});
  CHECK(labels("debian") == docker::Labels{{name, "docker.io/library/debian:latest"}});
  CHECK(labels("r.example/base:1@" + sum) == docker::Labels{{name, "r.example/base:1"}, {digest, sum}});
  CHECK(labels("r.example/base@" + sum) == docker::Labels{{name, "r.example/base"}, {digest, sum}});
}

TEST_CASE("a label that nothing is known for is left out, and the version is the commit if there is no other") {
  CHECK(image_labels({}).empty());
  Origin origin;
  origin.commit = "abc";
  CHECK(image_labels(origin).at("org.opencontainers.image.version") == "abc");
  CHECK(image_labels(origin).size() == 2);
}

TEST_CASE("a source label never holds credentials") {
  const auto source = [](std::string url) {
    Origin origin;
    origin.source = std::move(url);
    return image_labels(origin).at("org.opencontainers.image.source");
  };
  CHECK(source("https://user:secret@forge.example/a") == "https://forge.example/a");
  CHECK(source("https://user:se@cret@forge.example/a") == "https://forge.example/a");
  CHECK(source("https://secret@forge.example") == "https://forge.example");
  CHECK(source("https://forge.example/a@b") == "https://forge.example/a@b");
  CHECK(source("https://forge.example/a?token=secret") == "https://forge.example/a");
  CHECK(source("https://forge.example/a#secret") == "https://forge.example/a");
  CHECK(source("git@forge.example:a/b") == "git@forge.example:a/b");
}

}  // namespace slipway::images
