#include <catch2/catch.hpp>

#include "tests/integration/images/bench.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

const std::string kCopyAll = "FROM scratch\nCOPY . /ctx/\n";

/// A tree that every ignore file below has something to say about.
void fill(const Tree& tree) {
  tree.file("Dockerfile", kCopyAll);
  for (const char* name : {"a",
                           "b.md",
                           "README.md",
                           "README-secret.md",
                           "#note",
                           "!odd",
                           "se*cret",
                           "a b",
                           "src/main.c",
                           "src/main.o",
                           "src/deep/x.o",
                           "src/deep/keep.o",
                           "src/.hidden",
                           "build/out",
                           "build/keep/this",
                           "build/keep/that",
                           "docs/README.md",
                           "docs/guide/one.md",
                           "docs/guide/two.txt",
                           "node_modules/m/index.js",
                           "vendor/node_modules/n",
                           "\xC3\xA4/\xC3\xB6"}) {
    tree.file(name, name);
  }
  tree.file("run.sh", "#!/bin/sh\n", 0755);
  tree.file("private", "p", 0600);
  tree.link("src/link", "../a");
  tree.link("dangling", "/nowhere");
  tree.folder("void");
}

const std::vector<std::string> kIgnoreFiles = {
    "",
    "# only a comment\n\n",
    "*.md\n!README*.md\nREADME-secret.md\n",
    "*.md\nREADME-secret.md\n!README*.md\n",
    "**/*.o\n!src/deep/keep.o\n",
    "**/node_modules\n**/.*\n",
    "src\n!src/main.c\n",
    "src/*\n!src/deep\nsrc/deep/x.o\n",
    "build/\n/docs/guide/\n/void\n",
    "build\n!build/keep\nbuild/keep/that\n",
    "*\n!run.sh\n!src/deep/keep.o\n",
    "*\n!src\nsrc/**/*.o\n",
    "\\#note\n#note\n\\!odd\nse\\*cret\n a b \n",
    "[ab]*\n?rivate\n\xC3\xA4\n",
    "Dockerfile\n.dockerignore\n",
    "*\n!docs/*.md\n!build/keep/th?s\n",
    "docs/**\n!docs/guide/**\ndocs/guide/two.txt\n",
    "**e\n**/deep/**\n",
    "a/../src/./main.c\n//docs//guide//\n../outside\n",
};

}  // namespace

TEST_CASE("the engine gets the files that docker's command line would send, whatever is ignored", "[engine]") {
  ImageBench bench;
  for (const std::string& rules : kIgnoreFiles) {
    CAPTURE(rules);
    const Tree tree;
    fill(tree);
    tree.file(".dockerignore", rules);
    const std::string theirs = bench.build_by_docker(tree.path());
    const std::string ours = bench.build(ContextSpec(tree.path()), docker::Builder::classic);
    CHECK(bench.files_in(ours, "/ctx") == bench.files_in(theirs, "/ctx"));
  }
}

TEST_CASE("the one difference to docker's classic builder: an exception finds its way into any ignored folder",
          "[engine]") {
  ImageBench bench;
  const Tree tree;
  tree.file("Dockerfile", kCopyAll);
  tree.file(".dockerignore", "*\n!**/keep.o\n");
  tree.file("src/keep.o");
  tree.file("keep.o");
  const auto theirs = bench.files_in(bench.build_by_docker(tree.path()), "/ctx");
  const auto ours = bench.files_in(bench.build(ContextSpec(tree.path()), docker::Builder::classic), "/ctx");
  CHECK(theirs.size() == 1);
  CHECK(ours.contains("keep.o"));
  CHECK(ours.contains("src/keep.o"));
}

TEST_CASE("both builders take a Dockerfile from outside the context, and the classic one leaves no trace of it",
          "[engine]") {
  ImageBench bench;
  const Tree tree;
  tree.file("docker/app.Dockerfile", kCopyAll);
  tree.file("app/code", "code");
  ContextSpec spec(tree.path());
  spec.directory = "app";
  spec.dockerfile = "docker/app.Dockerfile";
  const auto classic = bench.files_in(bench.build(spec, docker::Builder::classic), "/ctx");
  CHECK(classic == std::map<std::string, std::string>{{"code", "file 644 code"}});
  const auto buildkit = bench.files_in(bench.build(spec, docker::Builder::buildkit), "/ctx");
  CHECK(buildkit.at("code") == "file 644 code");
}

TEST_CASE("an image built twice of the same tree is the same image", "[engine]") {
  ImageBench bench;
  const Tree one;
  const Tree two;
  for (const Tree* tree : {&one, &two}) {
    tree->file("Dockerfile", kCopyAll);
    tree->file("data", bench.salt());
  }
  CHECK(bench.build(ContextSpec(one.path()), docker::Builder::buildkit) ==
        bench.build(ContextSpec(two.path()), docker::Builder::buildkit));
}

TEST_CASE("long names, links and permissions arrive through both builders", "[engine]") {
  ImageBench bench;
  const Tree tree;
  tree.file("Dockerfile", "FROM scratch\nCOPY . /ctx/\n");
  tree.file(std::string(150, 'd') + "/" + std::string(150, 'f'), "long", 0640);
  tree.file("\xC3\xA4", "not ascii", 0755);
  tree.link("link", std::string(200, 'l'));
  tree.folder("void", 0711);
  const auto expected = describe(tree.path());
  for (const auto builder : {docker::Builder::classic, docker::Builder::buildkit}) {
    CHECK(bench.files_in(bench.build(ContextSpec(tree.path()), builder), "/ctx") == expected);
  }
}

}  // namespace slipway::images
