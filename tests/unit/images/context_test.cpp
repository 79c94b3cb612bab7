#include <fstream>
#include <random>

#include <catch2/catch.hpp>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <utime.h>

#include "base/encoding.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

namespace fs = std::filesystem;

ContextSpec spec_for(const Tree& tree, std::string directory = ".", std::string dockerfile = "") {
  ContextSpec spec(tree.path());
  spec.directory = std::move(directory);
  spec.dockerfile = std::move(dockerfile);
  return spec;
}

/// A name of odd characters and any length up to the file system's limit.
std::string odd_name(std::mt19937& random) {
  static const std::string alphabet = "ab.-_ é\n'\"\\*?[]{}$#%=~\xFF\x01";
  const std::size_t length = random() % 10 == 0 ? 100 + random() % 150 : 1 + random() % 12;
  std::string name;
  while (name.size() < length) name += alphabet[random() % alphabet.size()];
  if (name == "." || name == "..") name += "x";
  return name;
}

/// Folders, files, links and their modes at random, in `folder`.
void grow(const fs::path& folder, std::mt19937& random, int depth) {
  const std::size_t count = 1 + random() % 6;
  for (std::size_t i = 0; i < count; ++i) {
    const fs::path path = folder / odd_name(random);
    if (fs::exists(fs::symlink_status(path))) continue;
    const auto kind = random() % 6;
    if (kind == 0 && depth > 0) {
      fs::create_directory(path);
      grow(path, random, depth - 1);
      chmod(path.c_str(), 0700 | (random() % 01000));
    } else if (kind == 1) {
      fs::create_symlink(odd_name(random), path);
    } else {
      const std::size_t sizes[] = {0, 1, 511, 512, 513, 70'000};
      std::ofstream(path) << std::string(sizes[random() % 6], 'c');
      chmod(path.c_str(), random() % 010000);
    }
  }
}

/// The path of a folder as deep as one can be told by name.
std::string deep_folder() {
  std::string path;
  for (int i = 0; i < 14; ++i) path += std::string(250, 'a') + "/";
  return path;
}

/// An ignore file that leaves everything out, slowly in that folder, and does not keep from walking into it.
std::string slow_rules(int patterns) {
  std::string text;
  for (int i = 0; i < patterns; ++i) {
    text += "**/";
    for (int star = 0; star < 110; ++star) text += "a*";
    text += "b" + std::to_string(i) + "\n";
  }
  return text + "*\n!" + std::string(250, 'a') + "/**/c\n";
}

/// Loses patience with a context that takes long; how long others then wait for its thread.
awaitable<Duration> wait_beside(Pool& pool, ContextSpec spec) {
  Result<BuildContext> context = co_await open_context(pool, std::move(spec));
  REQUIRE(context);
  Result<std::string> piece = co_await context->tar->next();  // what is there at once
  while (piece) {
    auto reading = context->tar->next();
    piece = co_await with_deadline(std::chrono::milliseconds(100), std::move(reading), "a piece");
    REQUIRE_FALSE((piece && piece->empty()));
  }
  CHECK(piece.error().kind == Error::Kind::timeout);
  const auto asked = std::chrono::steady_clock::now();
  auto work = [] { return std::chrono::steady_clock::now(); };
  co_return co_await pool.run(std::move(work)) - asked;
}

}  // namespace

TEST_CASE("an ignore file that takes too long to match is an error that says so") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file(".dockerignore", slow_rules(900));
  tree.file(deep_folder() + "a");
  const auto began = std::chrono::steady_clock::now();
  const Result<Sent> sent = send(spec_for(tree));
  REQUIRE_FALSE(sent);
  CHECK(sent.error().kind == Error::Kind::too_large);
  CHECK(sent.error().message.find("too long to match") != std::string::npos);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(20));
}

TEST_CASE("a context that takes long lets others have its thread, and ends soon after its reader has gone") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file(".dockerignore", slow_rules(5));
  for (int i = 0; i < 1000; ++i) tree.file(deep_folder() + std::to_string(i));
  ContextSpec spec = spec_for(tree);
  spec.limits.match_path = spec.limits.match_all = std::chrono::hours(1);
  Pool pool(1);
  const auto began = std::chrono::steady_clock::now();
  CHECK(run_async(wait_beside(pool, std::move(spec))) < std::chrono::seconds(5));
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(10));
}

TEST_CASE("a context unpacks to the tree it was made of") {
  const Tree tree;
  tree.file("Dockerfile", "FROM scratch\n");
  tree.file("bin/run", "#!/bin/sh\n", 0755);
  tree.file("bin/private", "secret", 0600);
  tree.file("bin/setuid", "s", 04755);
  tree.file("empty", "");
  tree.file(std::string(100, 'n'), "100");
  tree.file(std::string(101, 'n'), "101");
  tree.file(std::string(200, 'd') + "/" + std::string(200, 'f'), "long");
  tree.file("\xC3\xA4/\xFF", "not ascii, not utf-8");
  tree.folder("void", 0711);
  tree.folder("sticky", 01777);
  tree.link("inside", "bin/run");
  tree.link("outside", "/etc/passwd");
  tree.link("broken", std::string(300, 'x'));
  tree.link("folder", "bin");

  const Result<Sent> sent = send(spec_for(tree));
  REQUIRE(sent);
  CHECK(sent->dockerfile == "Dockerfile");
  const Tree copy;
  unpack(sent->tar, copy.path());
  CHECK(describe(copy.path()) == describe(tree.path()));
}

TEST_CASE("any tree unpacks to itself, and gives the same bytes twice") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    const Tree tree;
    tree.file("Dockerfile", "FROM scratch\n");
    grow(tree.path(), random, 4);
    const Result<Sent> sent = send(spec_for(tree));
    REQUIRE(sent);
    const Tree copy;
    unpack(sent->tar, copy.path());
    REQUIRE(describe(copy.path()) == describe(tree.path()));
    REQUIRE(send(spec_for(copy))->tar == sent->tar);
  }
}

TEST_CASE("bytes don't depend on times, on the order of creation or on where the tree is") {
  const Tree one;
  const Tree two;
  for (const char* name : {"Dockerfile", "b", "a/x", "a.b", "a-b", "c/d/e"}) one.file(name, name);
  for (const char* name : {"c/d/e", "a-b", "a.b", "a/x", "b", "Dockerfile"}) two.file(name, name);
  const utimbuf long_ago{1000, 2000};
  REQUIRE(utime(two.at("b").c_str(), &long_ago) == 0);
  const Result<Sent> first = send(spec_for(one));
  const Result<Sent> second = send(spec_for(two));
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->tar == second->tar);
  CHECK(first->summary.digest == second->summary.digest);
  CHECK(names_in(first->tar) ==
        std::vector<std::string>{"Dockerfile", "a/", "a/x", "a-b", "a.b", "b", "c/", "c/d/", "c/d/e"});
  two.file("b", "other");
  CHECK(send(spec_for(two))->summary.digest != first->summary.digest);
}

TEST_CASE("the summary says what was sent") {
  const Tree tree;
  tree.file("Dockerfile", "12345");
  tree.file("a/b", std::string(1'000'000, 'b'));
  const Result<Sent> sent = send(spec_for(tree));
  REQUIRE(sent);
  CHECK(sent->summary.entries == 3);
  CHECK(sent->summary.content_bytes == 1'000'005);
  CHECK(sent->summary.tar_bytes == sent->tar.size());
  CHECK(sent->summary.digest == "sha256:" + sha256_hex(sent->tar));
}

TEST_CASE("hard links are sent as files of their own") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file("one", "same");
  fs::create_hard_link(tree.at("one"), tree.at("two"));
  const Tree copy;
  unpack(send(spec_for(tree))->tar, copy.path());
  CHECK(describe(copy.path()) == describe(tree.path()));
  CHECK(fs::hard_link_count(copy.at("two")) == 1);
}

TEST_CASE("what is ignored is not sent, the Dockerfile and the ignore file are") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file(".dockerignore", "*\n!src\nsrc/**/*.o\n!keep/this/one\n");
  tree.file("secret");
  tree.file("src/a.c");
  tree.file("src/x/a.o");
  tree.file("keep/this/one");
  tree.file("keep/this/two");
  tree.file("keep/that");
  tree.folder("src/void");
  const Result<Sent> sent = send(spec_for(tree));
  REQUIRE(sent);
  CHECK(names_in(sent->tar) == std::vector<std::string>{".dockerignore", "Dockerfile", "keep/", "keep/this/",
                                                        "keep/this/one", "src/", "src/a.c", "src/void/", "src/x/"});
}

TEST_CASE("an ignored folder is not even looked into") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file(".dockerignore", "big\n!other/**\n");
  for (int i = 0; i < 50; ++i) tree.file("big/" + std::to_string(i));
  ContextSpec spec = spec_for(tree);
  spec.limits.entries = 10;
  const Result<Sent> sent = send(spec);
  REQUIRE(sent);
  CHECK(sent->summary.entries == 2);
}

TEST_CASE("an ignored Dockerfile in a folder is sent with the folders above it and nothing else of them") {
  const Tree tree;
  tree.file("docker/app/Dockerfile");
  tree.file("docker/app/other");
  tree.file(".dockerignore", "docker\n");
  const Result<Sent> sent = send(spec_for(tree, ".", "docker/app/Dockerfile"));
  REQUIRE(sent);
  CHECK(sent->dockerfile == "docker/app/Dockerfile");
  CHECK(names_in(sent->tar) ==
        std::vector<std::string>{".dockerignore", "docker/", "docker/app/", "docker/app/Dockerfile"});
}

TEST_CASE("a Dockerfile's own ignore file counts instead of the common one") {
  const Tree tree;
  tree.file("app.Dockerfile");
  tree.file("app.Dockerfile.dockerignore", "a\n");
  tree.file(".dockerignore", "b\n");
  tree.file("a");
  tree.file("b");
  const Result<Sent> sent = send(spec_for(tree, ".", "app.Dockerfile"));
  REQUIRE(sent);
  CHECK(names_in(sent->tar) ==
        std::vector<std::string>{".dockerignore", "app.Dockerfile", "app.Dockerfile.dockerignore", "b"});
}

TEST_CASE("a Dockerfile outside the context goes along under a name of its own, which the builder removes again") {
  const Tree tree;
  tree.file("docker/Dockerfile", "FROM scratch\n");
  tree.file("app/.dockerignore", "secret");
  tree.file("app/secret");
  tree.file("app/code");
  const Result<Sent> sent = send(spec_for(tree, "app", "docker/Dockerfile"));
  REQUIRE(sent);
  CHECK(sent->dockerfile.starts_with(".dockerfile."));
  CHECK(names_in(sent->tar) == std::vector<std::string>{sent->dockerfile, ".dockerignore", "code"});
  const Tree copy;
  unpack(sent->tar, copy.path());
  const auto files = describe(copy.path());
  CHECK(files.at(sent->dockerfile) == "file 644 FROM scratch\n");
  CHECK(files.at(".dockerignore") == "file 644 secret\n" + sent->dockerfile + "\n");
  CHECK(send(spec_for(tree, "app", "docker/Dockerfile"))->tar == sent->tar);
}

TEST_CASE("by default the Dockerfile is the context's") {
  const Tree tree;
  tree.file("app/Dockerfile");
  const Result<Sent> sent = send(spec_for(tree, "./app/"));
  REQUIRE(sent);
  CHECK(sent->dockerfile == "Dockerfile");
}

TEST_CASE("nothing outside the checkout is ever opened") {
  const Tree outside;
  outside.file("Dockerfile", "secret");
  outside.file("folder/Dockerfile", "secret");
  const Tree tree;
  tree.file("Dockerfile");
  tree.folder("app");
  tree.link("to-folder", outside.path().string());
  tree.link("to-app", "app");
  tree.link("to-file", outside.at("Dockerfile").string());
  tree.link("linked/Dockerfile", "../Dockerfile");
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {"..", ""},
      {"app/../..", ""},
      {"/", "Dockerfile"},
      {outside.path().string(), ""},
      {"to-folder", ""},
      {"to-folder/folder", ""},
      {"to-app", "Dockerfile"},
      {".", "../Dockerfile"},
      {".", outside.at("Dockerfile").string()},
      {".", "to-file"},
      {".", "to-folder/Dockerfile"},
      {".", "linked/Dockerfile"},
      {"linked", ""},
      {".", "app"},
      {"Dockerfile", "Dockerfile"},
      {".", "Dockerfile/x"},
      {std::string("app\0x", 5), "Dockerfile"},
      {std::string(5000, 'a'), "Dockerfile"},
      {std::string(300, 'a'), "Dockerfile"},
  };
  for (const auto& [directory, dockerfile] : hostile) {
    CAPTURE(directory, dockerfile);
    const Result<Sent> sent = send(spec_for(tree, directory, dockerfile));
    REQUIRE_FALSE(sent);
    CHECK(sent.error().kind == Error::Kind::invalid);
    CHECK(sent.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("an ignore file that is a link is not read") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file("rules", "*");
  tree.link(".dockerignore", "rules");
  CHECK(send(spec_for(tree)).error().kind == Error::Kind::invalid);
}

TEST_CASE("a Dockerfile over 4 MiB is refused") {
  const Tree tree;
  tree.file("Dockerfile", std::string((4 << 20) + 1, '#'));
  CHECK(send(spec_for(tree)).error().kind == Error::Kind::too_large);
}

TEST_CASE("what is missing is said to be missing") {
  const Tree tree;
  CHECK(send(spec_for(tree)).error().kind == Error::Kind::not_found);
  CHECK(send(spec_for(tree, "nowhere")).error().message == "build context 'nowhere': 'nowhere' does not exist");
  CHECK(send(ContextSpec(tree.at("gone"))).error().kind == Error::Kind::not_found);
}

TEST_CASE("a broken ignore file is an error that names file and line") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file(".dockerignore", "a\n[\n");
  CHECK(send(spec_for(tree)).error().message.find(".dockerignore: line 2") != std::string::npos);
}

TEST_CASE("sockets, pipes and devices are refused by name unless ignored") {
  const Tree tree;
  tree.file("Dockerfile");
  REQUIRE(mkfifo(tree.at("pipe").c_str(), 0644) == 0);
  const Result<Sent> piped = send(spec_for(tree));
  REQUIRE_FALSE(piped);
  CHECK(piped.error().kind == Error::Kind::invalid);
  CHECK(piped.error().message == "'pipe' is a pipe, which can't be sent");
  fs::remove(tree.at("pipe"));

  const int socket_number = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  tree.at("sock").string().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(socket_number, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  close(socket_number);
  CHECK(send(spec_for(tree)).error().message == "'sock' is a socket, which can't be sent");

  tree.file(".dockerignore", "sock");
  CHECK(send(spec_for(tree)));
}

TEST_CASE("limits on entries, bytes and depth hold") {
  const Tree tree;
  tree.file("Dockerfile", "12345");
  tree.file("a/b/c/d", "12345");
  const auto error_with = [&](auto change) {
    ContextSpec spec = spec_for(tree);
    change(spec.limits);
    const Result<Sent> sent = send(spec);
    return sent ? std::string() : std::string(name_of(sent.error().kind));
  };
  CHECK(error_with([](ContextLimits& l) { l.entries = 4; }) == "too_large");
  CHECK(error_with([](ContextLimits& l) { l.entries = 5; }).empty());
  CHECK(error_with([](ContextLimits& l) { l.bytes = 9; }) == "too_large");
  CHECK(error_with([](ContextLimits& l) { l.bytes = 10; }).empty());
  CHECK(error_with([](ContextLimits& l) { l.depth = 2; }) == "too_large");
  CHECK(error_with([](ContextLimits& l) { l.depth = 3; }).empty());
}

}  // namespace slipway::images
