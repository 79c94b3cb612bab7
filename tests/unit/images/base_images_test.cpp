#include "images/base_images.hpp"

#include <catch2/catch.hpp>

namespace slipway::images {
namespace {

using Names = std::vector<std::string>;

Names bases(std::string_view dockerfile, const std::map<std::string, std::string>& arguments = {}) {
  Names names;
  for (const Reference& reference : base_images(dockerfile, arguments)) names.push_back(reference.familiar());
  return names;
}

}  // namespace

TEST_CASE("a Dockerfile's base images are found, its own stages are none") {
  CHECK(bases("FROM busybox") == Names{"busybox"});
  CHECK(bases("# comment\nfrom busybox:1 as build\nFROM Build\nFROM scratch\nCOPY --from=build /a /b\n") ==
        Names{"busybox:1"});
  CHECK(bases("FROM --platform=linux/amd64 r.example/a AS a\nFROM r.example/a\n") == Names{"r.example/a"});
  CHECK(bases("FROM scratch\nCOPY --chown=1 --from=r.example/tools:2 /t /t\nCOPY --from=0 /x /x") ==
        Names{"r.example/tools:2"});
  CHECK(bases("FROM a\nRUN --mount=type=bind,from=r.example/b,target=/b --network=none make --from=c") ==
        Names{"a", "r.example/b"});
  CHECK(bases("FROM \\\n  # why\n  r.example/a \\\n  AS x\nRUN echo \\\n FROM b") == Names{"r.example/a"});
  CHECK(bases("FROM a\r\nFROM b\r\n") == Names{"a", "b"});
  CHECK(bases("").empty());
  CHECK(bases("FROM").empty());
  CHECK(bases("FROM --platform=x").empty());
  CHECK(bases("\\\n").empty());
}

TEST_CASE("variables in a base image's name are filled in as the builder does") {
  const char* text =
      "ARG REGISTRY=r.example\nARG TAG\nFROM ${REGISTRY}/app:${TAG:-latest}\nARG REGISTRY=late\nFROM $REGISTRY/b";
  CHECK(bases(text) == Names{"r.example/app:latest", "r.example/b"});
  CHECK(bases(text, {{"REGISTRY", "other.example"}, {"TAG", "3"}}) == Names{"other.example/app:3", "other.example/b"});
  CHECK(bases("ARG A=\"r.example/x\"\nARG B=${A}:1\nFROM $B") == Names{"r.example/x:1"});
  CHECK(bases("ARG A=1\nFROM a${A:+b}c") == Names{"abc"});
  CHECK(bases("FROM $UNKNOWN/app").empty());
  CHECK(bases("FROM ${broken").empty());
  CHECK(bases("FROM $").empty());
  CHECK(bases("FROM a", {{"UNUSED", "x"}}) == Names{"a"});
}

}  // namespace slipway::images
