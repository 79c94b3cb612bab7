#include "images/base_images.hpp"

#include <catch2/catch.hpp>

namespace slipway::images {
namespace {

using Names = std::vector<std::string>;

Names bases(std::string_view dockerfile, const std::map<std::string, std::string>& arguments = {}) {
  Names names;
  for (const Reference& reference : base_images(dockerfile, arguments).images) names.push_back(reference.familiar());
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

TEST_CASE("a Dockerfile is read as the builder reads it: joined lines, escapes, directives and here-documents") {
  CHECK(bases("FROM localhost/sli\\\npway/app:1") == Names{"localhost/slipway/app:1"});
  CHECK(bases("# escape=`\nFROM r.example/a`\npp\nRUN dir c:\\\nFROM b") == Names{"r.example/app", "b"});
  CHECK(bases("\xef\xbb\xbf"
              "FROM a") == Names{"a"});
  CHECK(bases("FROM\va") == Names{"a"});
  CHECK(bases("FROM a\nRUN --mount=type=bind,FROM=b,from=c true") == Names{"a", "b", "c"});
  CHECK(bases("FROM a\nONBUILD COPY --from=b /x /x") == Names{"a", "b"});
  CHECK(bases("FROM a\nRUN <<EOF\necho x\nEOF\nCOPY --from=b /x /x") == Names{"a", "b"});
  CHECK(base_images("#syntax = r.example/own\nFROM a", {}).frontend == "r.example/own");
  CHECK(base_images("# escape=`\n# syntax=docker/dockerfile:1\nFROM a", {}).frontend == "docker/dockerfile:1");
  CHECK(base_images("FROM a", {{"BUILDKIT_SYNTAX", "r.example/own"}}).frontend == "r.example/own");
  CHECK(base_images("# why\n# syntax=x\nFROM a", {}).frontend.empty());
}

TEST_CASE("what could name an image in a way that only the builder knows is told") {
  const char* unclear[] = {
      "FROM \"\"localhost/slipway/app",
      "FROM r.example/a'b'",
      "FROM a\\b",
      "FROM a\nCOPY --from=\"b\" /x /x",
      "FROM a\nRUN --mount=type=bind,\"from=b\" true",
      "FROM a\nCOPY --from=$B /x /x",
      "FROM r.example/app-${TARGETARCH}",
      "FROM ${X-localhost/slipway/app}",
      "FROM ${X:-${Y}}",
      "ARG X=a\"b\"\nFROM $X",
      "ARG X=${TARGETARCH}\nFROM app-$X",
      "FROM a\nRUN <<EOF\nFROM b AS secret\nEOF\nCOPY --from=secret /x /x",
      "// syntax=r.example/own\nFROM a",
      "{\"syntax\": \"r.example/own\"}\nFROM a",
      "#!/own\n# syntax=r.example/own\nFROM a",
      "# other=1\n# syntax=r.example/own\nFROM a",
      "FROM a\xc2\xa0"
      "b",
  };
  for (const char* text : unclear) {
    CAPTURE(text);
    const BaseImages found = base_images(text, {});
    CHECK((!found.unclear.empty() || found.frontend == "r.example/own"));
  }
  const char* clear[] = {
      "# syntax=docker/dockerfile:1\nARG V=1\nFROM --platform=$BUILDPLATFORM golang:${V} AS build\nRUN "
      "--mount=type=cache,target=/root go build\n"
      "FROM scratch\nCOPY --from=build --chown=1:1 /a /b\n",
      "FROM a\nRUN cat <<EOF > /x\nhello\nEOF\nCMD [\"x\", \"y\"]\nENV A=\"b\"",
      "# a comment on syntax\nFROM a",
  };
  for (const char* text : clear) {
    CAPTURE(text);
    CHECK(base_images(text, {}).unclear == Names{});
  }
}

}  // namespace slipway::images
