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

TEST_CASE("what an image is built on is told through its stages, and only where it is certain") {
  const auto base = [](std::string_view text, std::string_view target = {},
                       const std::map<std::string, std::string>& arguments = {}) {
    const BaseImages all = base_images(text, arguments, target);
    return all.base ? all.base->familiar() : "none";
  };
  CHECK(base("FROM a") == "a");
  CHECK(base("FROM a AS b\nFROM c\nCOPY --from=b /x /x\nCOPY --from=d /x /x") == "c");
  const char* stages = "FROM a:1 AS one\nFROM One AS two\nFROM scratch AS three\nFROM two\nRUN x";
  CHECK(base(stages) == "a:1");
  CHECK(base(stages, "TWO") == "a:1");
  CHECK(base(stages, "1") == "a:1");
  CHECK(base(stages, "three") == "none");
  CHECK(base(stages, "2") == "none");
  CHECK(base(stages, "four") == "none");
  CHECK(base(stages, "4") == "none");
  CHECK(base("FROM a AS x\nFROM b AS x\nFROM x") == "b");
  CHECK(base("FROM a AS x\nFROM b AS y", "y") == "b");
  CHECK(base("ARG TAG=1\nFROM a:$TAG", {}, {{"TAG", "2"}}) == "a:2");
  CHECK(base("FROM $UNKNOWN/app") == "none");
  CHECK(base("FROM a\nRUN --mount=from=$x,target=/y z") == "none");
  CHECK(base("FROM scratch") == "none");
  CHECK(base("") == "none");
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

TEST_CASE("quotes around the whole of a name after FROM are read alike by all") {
  for (const char* text : {"FROM \"busybox\"", "FROM 'busybox'"}) {
    CHECK(bases(text) == Names{"busybox"});
    CHECK(base_images(text, {}).unclear.empty());
  }
  CHECK_FALSE(base_images("FROM a\nCOPY --from=\"busybox\" /x /x", {}).unclear.empty());
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
      ("FROM a\xc2\xa0"
       "b"),
  };
  for (const char* text : unclear) {
    CAPTURE(text);
    const BaseImages found = base_images(text, {});
    CHECK((!found.unclear.empty() || found.frontend == "r.example/own"));
  }
}

TEST_CASE("what a builder of any version could take for another image or another line is told") {
  const char* unclear[] = {
      // no reference, or what the shell has variables for
      "FROM $@registry.example/secret/app:1",
      "FROM $1registry.example/secret/app:1",
      "FROM $*registry.example/secret/app:1",
      "FROM registry.example/secret/app:$",
      "FROM Registry/Secret",
      "FROM a # b",
      "FROM a b c",
      "FROM",
      "FROM a AS 1",
      "FROM --platform=\"linux/amd64\" a",
      "FROM registry.example/app$TARGETOSVERSION",
      "FROM a$NOBODY",
      "ARG \"A\"=registry.example/secret\nARG A=b\nFROM $A",
      "ARG A=b\nARG A\nFROM $A",
      "ARG A='$B'\nFROM a$A",
      "ARG A=${TARGETARCH}\nARG B=$A\nFROM a$B",
      "ARG SOURCE_DATE_EPOCH=1\nFROM a:$SOURCE_DATE_EPOCH",
      "FROM a\nONBUILD FROM b AS secret",
      "FROM a\nRUN \xa0--mount=type=bind,from=secret true",
      // lines that go on, or don't
      "FROM a\nRUN true \\\v\nFROM registry.example/secret/app",
      "FROM a\nRUN true \\\xc2\xa0\nFROM registry.example/secret/app",
      "FROM a\nRUN true \\\r\r\nFROM registry.example/secret/app",
      "FROM a\nRUN echo x\\\\\nFROM registry.example/secret/app",
      "\xc2\xa0"
      "FROM registry.example/secret/app",
      "\xc2\x85"
      "FROM registry.example/secret/app",
      "\xef\xbb\xbf\xef\xbb\xbf"
      "FROM registry.example/secret/app",
      "FROM a\nRUN true \\\n\xc2\xa0# no comment to all\nFROM b AS secret\nFROM secret",
      "FROM a\nRUN\xc2\xa0--mount=type=bind,from=secret true",
      "SOURCE registry.example/secret/app\nFROM a",
      // directives
      "# x=1\n# escape=`\nFROM a\nRUN x `\nFROM registry.example/secret/app",
      "# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN x `\nFROM registry.example/secret/app",
      "#!/bin/x\n# escape=`\nFROM a",
      "# escape=`x\nFROM a",
      "#\xc2\xa0syntax=registry.example/own\nFROM a",
      "# syntax=docker/dockerfile:1\n# syntax=registry.example/own\nFROM a",
      "\n{\"syntax\": \"registry.example/own\"}",
      // here-documents
      "FROM a\nRUN echo \"<<E\"\nFR\\\nOM registry.example/secret/app\nE\n",
      "FROM a\nRUN cat <<E\nFR\\\nOM registry.example/secret/app\nE\n",
      "FROM a\nRUN cat <<E\n\xc2\xa0"
      "FROM registry.example/secret/app\nE\n",
      "FROM a\nRUN [\"cat\", \"<<E\" ]\nx\nFROM registry.example/secret/app\nE\n",
      "FROM a\nRUN [ -f x ] && cat <<E\nx\nE\n",
      "FROM a\nRUN echo it's <<E\nx\nE\n",
      "FROM a\nRUN cat \\<<E\nx\nE\n",
      "FROM a\nRUN cat $X<<E\nx\nE\n",
      "FROM a\nRUN cat ${X#y} <<E\nx\nE\n",
      "FROM a\nRUN cat << E\nx\nE\n",
      "FROM a\nRUN cat <<E; echo\nx\nE\n",
      "FROM a\nRUN cat\xc2\xa0<<E\nx\nE\n",
      "FROM a\nRUN echo \"\"\xc2\xa0<<E\nx\nE\n",
      "FROM a\nRUN echo $((1 << 2))",
      "FROM a\nONBUILD RUN cat <<E\nx\nE\n",
      "FROM a\nRUN cat <<E\nx\n E\nFROM b AS secret\nE\nFROM secret",
      "FROM a\nRUN cat <<E <<F\nx\nF\nE\ny\nF\n",
      "FROM a\nRUN cat <<run\nrun\n",
      "FROM a\nRUN cat <<E\nx",
  };
  for (const char* text : unclear) {
    CAPTURE(text);
    CHECK(base_images(text, {}).unclear != Names{});
  }
  CHECK(base_images(std::string_view("FROM a\0b", 8), {}).unclear.front() == "FROM a\\x00b");
  CHECK(base_images("FROM a$TARGETOSVERSION", {{"TARGETOSVERSION", "b"}}).unclear == Names{"a$TARGETOSVERSION"});
}

TEST_CASE("a line that another builder would hide is found all the same") {
  const std::string secret = "registry.example/secret/app";
  CHECK(bases("FROM a\nRUN true \\\v\nFROM " + secret) == Names{"a", secret});
  CHECK(bases("FROM a\nRUN echo x\\\\\nFROM " + secret) == Names{"a", secret});
  CHECK(bases("FROM a\nRUN echo \"<<E\"\nFR\\\nOM " + secret) == Names{"a", secret});
  CHECK(bases("# x=1\n# escape=`\nFROM a\nRUN x `\nFROM " + secret) == Names{"a", secret});
  CHECK(bases("# syntax=docker/dockerfile:1\n# escape=`\nFROM a`\nb") == Names{"ab"});
  CHECK(bases("FROM a\nRUN <<E\nx\n E\nFROM b\nE\nFROM " + secret) == Names{"a", secret});
  CHECK(bases("FROM a\nRUN <<-E\nx\n\tE\nFROM b") == Names{"a", "b"});
  CHECK(bases("FROM a\nRUN echo $((1 << 2))\nFROM b") == Names{"a", "b"});
}

TEST_CASE("a number is a stage of COPY --from and an image elsewhere; a stage's own name is one only after it") {
  CHECK(bases("FROM a\nFROM b\nCOPY --from=0 /x /x") == Names{"a", "b"});
  CHECK(bases("FROM a\nCOPY --from=99999999999999999999 /x /x") == Names{"a", "99999999999999999999"});
  CHECK(bases("FROM 1234") == Names{"1234"});
  CHECK(bases("FROM a\nRUN --mount=type=bind,from=0 true") == Names{"a", "0"});
  CHECK(bases("FROM a AS x\nCOPY --from=x /x /x\nFROM x") == Names{"a", "x"});
  CHECK(bases("FROM x AS x") == Names{"x"});
}

TEST_CASE("a Dockerfile of megabytes is read in time linear in its size") {
  std::string froms, documents = "FROM a\nRUN cat";
  for (int i = 0; i < 100'000; ++i) froms += "FROM a" + std::to_string(i) + "\n";
  for (int i = 0; i < 500'000; ++i) documents += " <<a";
  for (int i = 0; i < 500'000; ++i) documents += "\nb";
  CHECK(bases(froms).size() == 100'000);
  CHECK_FALSE(base_images(documents, {}).unclear.empty());
}

TEST_CASE("variables that double each other do not grow beyond what a name can be") {
  std::string doubling = "ARG A0=aa\n";
  for (int i = 1; i < 60; ++i) {
    const std::string before = "$A" + std::to_string(i - 1);
    doubling += "ARG A" + std::to_string(i) + "=" + before + before + "\n";
  }
  CHECK(base_images(doubling + "FROM b$A59", {}).unclear.front() == "b$A59");
  CHECK(bases(doubling + "FROM b$A1") == Names{"baaaa"});
}

TEST_CASE("an ordinary Dockerfile is clear") {
  const char* clear[] = {
      "# syntax=docker/dockerfile:1\nARG V=1\nFROM --platform=$BUILDPLATFORM golang:${V} AS build\nRUN "
      "--mount=type=cache,target=/root go build\n"
      "FROM scratch\nCOPY --from=build --chown=1:1 /a /b\n",
      "FROM a\nRUN cat <<EOF > /x\nhello\nEOF\nCMD [\"x\", \"y\"]\nENV A=\"b\"",
      "# a comment on syntax\nFROM a",
      "# (c) 2026, A=B\n\n# syntax: see below\nFROM a\r\nRUN x \\\r\n  y\r\n",
      "#!/usr/bin/env docker\n# syntax=docker/dockerfile:1\n# check=skip=all\nFROM a",
      "# escape=`\nFROM a\nRUN dir `\n  c:\\\n",
      "\xef\xbb\xbf"
      "FROM a\nLABEL maintainer=\"J\xc3\xb6rg\"\nMAINTAINER \xc3\x9c",
      "FROM a\nRUN apt-get update && \\\n    # why\n# and\n\n    apt-get install -y x \\\n    \\  \n  && rm -r y\n",
      "ARG REGISTRY=\"r.example\" TAG\nFROM ${REGISTRY}/base:${TAG:-latest} AS base\nARG TAG\nFROM base AS Tools\n"
      "FROM scratch\nCOPY --from=tools --link --chown=$U:$U /x /x\nADD --checksum=sha256:00 https://x.example/y /y\n"
      "RUN --mount=type=bind,from=base,target=/b --mount=type=cache,target=/c,id=$ID make -- --x\n"
      "HEALTHCHECK --interval=5s CMD true\nONBUILD COPY --from=base /x /x\nENTRYPOINT [\"/x\"]",
      "FROM a\nRUN <<EOF\n#!/bin/sh\nset -e\napt-get install \\\n  x\nfrom=1\nEOF\nCOPY <<-\"a.txt\" <<'b.txt' /d/\n"
      "\thello\n\ta.txt\n# x\nb\nb.txt\nRUN cat <<EOF > \"${DIR}/$x\"\nEOF\n",
      "FROM a\nRUN python3 <<EOF\nimport os\nfrom os import path\nEOF",
      "FROM a\nRUN cat <<<\"x $y\" && echo \"<<E\" '<<F' \"<b>$x</b>\" it\\'s x<y\nCMD cat <<EOF",
  };
  for (const char* text : clear) {
    CAPTURE(text);
    CHECK(base_images(text, {}).unclear == Names{});
  }
}

}  // namespace slipway::images
