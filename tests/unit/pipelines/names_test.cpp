#include "pipelines/names.hpp"

#include <string>
#include <vector>

#include <catch2/catch.hpp>

using namespace slipway::pipelines;

namespace {
using Check = slipway::Result<void> (*)(std::string_view);
void check_table(Check check, const std::vector<std::string>& good, const std::vector<std::string>& bad) {
  for (const std::string& text : good) {
    CAPTURE(text);
    CHECK(check(text));
  }
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK_FALSE(check(text));
  }
}
const std::string digest = "sha256:" + std::string(64, 'a');
}  // namespace

TEST_CASE("names can be part of a container's name") {
  check_table(check_name, {"a", "unit", "unit-2", "a_b", std::string(40, 'a')},
              {"", "A", "1a", "-a", "_a", "a.b", "a/b", "a b", "é", "a\n", std::string(41, 'a')});
}

TEST_CASE("variables are what POSIX says, and not ours") {
  check_table(check_variable, {"A", "_A", "a1", "PATH", "SLIPWAYS"}, {"", "1A", "A-B", "A=B", "SLIPWAY_X", "A B", "Ä"});
}

TEST_CASE("labels of an image are neither slipway's nor Docker Compose's, nor what slipway tells of its origin") {
  check_table(
      check_label,
      {"a", "vcs-ref", "com.example.Team", "io.k8s/display_name", "org.opencontainers.image.licenses",
       "org.opencontainers.image.title", "org.opencontainers.image.version", "dev.slipwayx", "com.docker.extension",
       "org.opencontainers.image.created.by", std::string(128, 'a')},
      {"", "a b", "a=b", ".a", "a.", "a\n", "é", "${{x}}", "dev.slipway.run", "com.docker.compose.project",
       "org.opencontainers.image.created", "org.opencontainers.image.revision", "org.opencontainers.image.source",
       "org.opencontainers.image.base.name", "org.opencontainers.image.base.digest", std::string(129, 'a')});
}

TEST_CASE("paths stay in the checkout") {
  check_table(check_checkout_path, {".", "a", "a/b.yml", "./a", "..a", "a..b", "a/...", "a b"},
              {"", "/", "/etc", "..", "../a", "a/..", "a/../b", "a/b/..", "a\\b", "a\nb", std::string(513, 'a')});
}

TEST_CASE("repositories have a host, perhaps a port, and lower case parts") {
  check_table(
      check_repository,
      {"postgres", "library/postgres", "registry.example/shop/app", "registry.example:5000/app", "localhost/app",
       "localhost:5000/app", "127.0.0.1:5000/a/b", "[::1]:5000/app", "a_b/c.d/e-f", "a__b", "REGISTRY/app", "a--b"},
      {"", "Postgres", "app:1", "a@b", "https://r.example/app", "a//b", "/a", "a/", "-a", "a-", "a___b", "a..b",
       "r.example:/app", "r.example:99999999/app", "r.example:x/app", "a b", "a/B", std::string(256, 'a')});
}

TEST_CASE("references may have a tag and a digest") {
  check_table(check_reference, {"postgres:16", "r.example:5000/a:1.2-rc.1", "a@" + digest, "a:1@" + digest, "a"},
              {"a:", "a:b:c", "a:-x", "a@sha256:abc", "a@" + digest + "0", "a@md5:abc", "a:1@", "A:1", ":1", "a:x/y"});
}

TEST_CASE("tags are what registries take") {
  check_table(check_tag, {"1", "latest", "v1.2.3", "_a", "A-b_c.d", std::string(128, 'a')},
              {"", ".a", "-a", "a/b", "a:b", "a b", "é", std::string(129, 'a')});
}
