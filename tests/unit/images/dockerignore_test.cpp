#include "images/dockerignore.hpp"

#include <catch2/catch.hpp>

#include "base/files.hpp"

namespace slipway::images {
namespace {

using namespace std::chrono_literals;

struct Row {
  const char* rules;
  const char* path;
  bool excluded;
};

// Each row was seen to hold for the docker command line's classic build as well, where that walks into the folder.
const std::vector<Row> kRows = {
    // plain names
    {"a", "a", true},
    {"a", "b", false},
    {"a", "ab", false},
    {"a", "b/a", false},
    {"a", "a/b", true},
    {"a", "a/b/c", true},
    {"a/b", "a", false},
    {"a/b", "a/b", true},
    {"a/b", "a/b/c", true},
    {"a/b", "x/a/b", false},
    {"a.b", "a.b", true},
    {"a.b", "axb", false},
    {"a+b", "a+b", true},
    {"a+b", "aab", false},
    {"a(b)|{c}$", "a(b)|{c}$", true},
    // leading, trailing and doubled slashes, dots
    {"/a", "a", true},
    {"/a", "b/a", false},
    {"//a", "a", true},
    {"a/", "a", true},
    {"a/", "a/b", true},
    {"a//b", "a/b", true},
    {"./a", "a", true},
    {"a/./b", "a/b", true},
    {"a/../b", "b", true},
    {"a/../b", "a", false},
    {"../a", "a", false},
    {"/../a", "a", true},
    {"/", "a", false},
    {".", "a", false},
    // white space and comments
    {"  a\t", "a", true},
    {"a\r\nb\r\n", "b", true},
    {"# a", "# a", false},
    {"#a", "#a", false},
    {" #a", "#a", true},
    {"\\#a", "#a", true},
    {"a # b", "a", false},
    {"a # b", "a # b", true},
    {"\xEF\xBB\xBF"
     "a",
     "a", true},
    {"", "a", false},
    {"\n\n  \n", "a", false},
    // one star, question mark
    {"*", "a", true},
    {"*", "a/b", true},
    {"*.md", "x.md", true},
    {"*.md", "a/x.md", false},
    {"*.md", "xmd", false},
    {"*/x", "a/x", true},
    {"*/x", "x", false},
    {"*/x", "a/b/x", false},
    {"*/*/x", "a/b/x", true},
    {"a/*", "a", false},
    {"a/*", "a/b", true},
    {"a/*", "a/b/c", true},
    {"a*", "a", true},
    {"a*", "abc", true},
    {"a*c", "abbc", true},
    {"a*c", "a/c", false},
    {"?", "a", true},
    {"?", "ab", false},
    {"a?c", "a/c", false},
    {"?", "\xC3\xA4", true},
    {"??", "\xC3\xA4", false},
    {"se*", "se\xFF", true},
    // two stars
    {"**", "a", true},
    {"**", "a/b", true},
    {"**/a", "a", true},
    {"**/a", "x/a", true},
    {"**/a", "x/y/a", true},
    {"**/a", "x/a/y", true},
    {"**/a", "xa", false},
    {"**/a/b", "x/a/b", true},
    {"**/*.o", "a.o", true},
    {"**/*.o", "x/y/a.o", true},
    {"**/*.o", "a.out", false},
    {"**/a.o", "x/a.o", true},
    {"**/a.o", "x/axo", false},
    {"a/**", "a", false},
    {"a/**", "a/b", true},
    {"a/**", "a/b/c", true},
    {"a/**/z", "a/z", true},
    {"a/**/z", "a/b/c/z", true},
    {"a/**/z", "a/bz", false},
    {"**/a/**", "a", false},
    {"**/a/**", "a/b", true},
    {"**/a/**", "x/a/b", true},
    {"**a", "ba", true},
    {"**a", "x/ba", true},
    {"a**", "abc/d", true},
    {"a/**/**/b", "a/b", true},
    {"**/**", "a", true},
    // classes and escapes
    {"[ab]", "a", true},
    {"[ab]", "c", false},
    {"[a-c]x", "bx", true},
    {"[^a]", "b", true},
    {"[^a]", "a", false},
    {"[!a]", "!", true},
    {"\\*", "*", true},
    {"\\*", "a", false},
    {"a\\?", "a?", true},
    {"a\\?", "ab", false},
    {"\\[a\\]", "[a]", true},
    {"\\!a", "!a", true},
    // negation: the last that matches decides
    {"*\n!a", "a", false},
    {"*\n!a", "b", true},
    {"!a\n*", "a", true},
    {"*\n!a\na", "a", true},
    {"*.md\n!README*.md\nREADME-secret.md", "README.md", false},
    {"*.md\n!README*.md\nREADME-secret.md", "README-secret.md", true},
    {"*.md\nREADME-secret.md\n!README*.md", "README-secret.md", false},
    {"a\n!a/b", "a/b", false},
    {"a\n!a/b", "a/c", true},
    {"a\n!a/b", "a/b/c", false},
    {"a\n!a/b\na/b/c", "a/b/c", true},
    {"a\n!a/b\na/b/c", "a/b/d", false},
    {"a/*\n!a/b", "a/b", false},
    {"a/*\n!a/b", "a/c", true},
    {"*\n!a", "a/b", false},
    {"*\n!a/b/c", "a/b/c", false},
    {"*\n!a/b/c", "a/b/d", true},
    {"*\n!**/keep", "x/keep", false},
    {"*\n!*/keep", "x/keep", false},
    {"! a", "a", false},
    {"*\n! a", "a", false},
    {"*\n!/a", "a", false},
    {"*\n!a/", "a", false},
    {"**\n!**/*.go\n**/*_test.go", "x/a.go", false},
    {"**\n!**/*.go\n**/*_test.go", "x/a_test.go", true},
    {"**\n!**/*.go\n**/*_test.go", "x/a.c", true},
    // A negation that had nothing to undo at the folder is not handed down to what is in it.
    {"a/b\n!a", "a/b", true},
    {"a/b\n!a", "a/c", false},
};

}  // namespace

TEST_CASE("an ignore file excludes what moby's pattern matcher excludes") {
  for (const Row& row : kRows) {
    CAPTURE(row.rules, row.path);
    const Result<IgnoreRules> rules = IgnoreRules::parse(row.rules);
    REQUIRE(rules);
    CHECK(rules->excludes(row.path) == row.excluded);
  }
}

TEST_CASE("a folder is skipped only if no exception reaches into it") {
  const auto reaches = [](const char* text, const char* folder) {
    return IgnoreRules::parse(text)->may_include_below(folder);
  };
  CHECK_FALSE(reaches("*", "a"));
  CHECK_FALSE(reaches("*\n!b", "a"));
  CHECK_FALSE(reaches("*\n!a", "a"));
  CHECK_FALSE(reaches("*\n!ab/c", "a"));
  CHECK(reaches("*\n!a/b", "a"));
  CHECK(reaches("*\n!a/b/c", "a/b"));
  CHECK_FALSE(reaches("*\n!a/b/c", "a/c"));
  CHECK(reaches("*\n!**/keep", "a"));
  CHECK(reaches("*\n!*/keep", "a"));
  CHECK(reaches("*\n!a*/keep", "ab"));
  CHECK_FALSE(reaches("*\n!b*/keep", "ab"));
  CHECK(reaches("*\n![ab]/keep", "a"));
  CHECK(reaches("*\n!\\a/keep", "a"));
  CHECK(reaches("*\n!a/?", "a/b"));
}

TEST_CASE("what is skipped has nothing in it that would be included") {
  const std::vector<std::string> folders = {"a", "b", "a/b", "ab", "a/b/c"};
  const std::vector<std::string> leaves = {"x", "b", "keep", "b/x", "b/keep", "c"};
  for (const Row& row : kRows) {
    const IgnoreRules rules = std::move(*IgnoreRules::parse(row.rules));
    for (const std::string& folder : folders) {
      if (!rules.excludes(folder) || rules.may_include_below(folder)) continue;
      for (const std::string& leaf : leaves) {
        CAPTURE(row.rules, folder, leaf);
        CHECK(rules.excludes(folder + "/" + leaf));
      }
    }
  }
}

TEST_CASE("a broken pattern names its line") {
  for (const char* broken : {"[", "[a", "[]a]", "[a-]", "[-a]", "[^]", "a\\", "!", "! ", "[b-a]", "\\8"}) {
    CAPTURE(broken);
    const Result<IgnoreRules> rules = IgnoreRules::parse("# first\nok\n" + std::string(broken) + "\n");
    REQUIRE_FALSE(rules);
    CHECK(rules.error().kind == Error::Kind::invalid);
    CHECK(rules.error().message.starts_with("line 3: "));
  }
}

TEST_CASE("an ignore file that would cost too much is refused") {
  std::string many;
  for (int i = 0; i < 1001; ++i) many += "p" + std::to_string(i) + "\n";
  CHECK(IgnoreRules::parse(many).error().kind == Error::Kind::too_large);
  CHECK(IgnoreRules::parse(std::string((64 << 10) + 1, 'a')).error().kind == Error::Kind::too_large);
  CHECK(IgnoreRules::parse(std::string((256 << 10) + 1, '\n')).error().kind == Error::Kind::too_large);
  CHECK_FALSE(IgnoreRules::parse(std::string(60 << 10, '?')));  // one expression that is too big
}

TEST_CASE("stars don't make matching slow") {
  std::string pattern;
  for (int i = 0; i < 40; ++i) pattern += "a*";
  const IgnoreRules rules = std::move(*IgnoreRules::parse(pattern + "b"));
  CHECK_FALSE(rules.excludes(std::string(4000, 'a')));
}

TEST_CASE("matching that takes too long, or that nobody wants, is an error") {
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += "**/";
    for (int star = 0; star < 120; ++star) text += "a*";
    text += "b" + std::to_string(i) + "\n";
  }
  const IgnoreRules rules = std::move(*IgnoreRules::parse(text));
  const std::string path(3800, 'a');
  MatchTime ordinary(1h, 1h, {});
  CHECK(rules.decide("a/b", {}, ordinary));
  MatchTime for_a_path(1ms, 1h, {});
  const auto decided = rules.decide(path, {}, for_a_path);
  REQUIRE_FALSE(decided);
  CHECK(decided.error().kind == Error::Kind::too_large);
  CHECK(decided.error().message.find("too long to match") != std::string::npos);
  MatchTime for_all(1h, 1ms, {});
  bool over = false;
  for (int i = 0; i < 10'000 && !over; ++i) over = !rules.decide("aaaaaaaa", {}, for_all);
  CHECK(over);
  std::stop_source stop;
  stop.request_stop();
  MatchTime unwanted(1h, 1h, stop.get_token());
  CHECK(rules.decide(path, {}, unwanted).error().kind == Error::Kind::cancelled);
}

TEST_CASE("slipway's own image is built from its source, without settings and secrets that lie beside") {
  const Result<std::string> text = read_file(".dockerignore");
  REQUIRE(text);
  const Result<IgnoreRules> rules = IgnoreRules::parse(*text);
  REQUIRE(rules);
  for (const char* out : {"docker-compose.yml", "slipwayd.yml", "override.yaml", ".env", "tls/.env", "ca.pem",
                          "tls/cert.pem", "tls/server.key", ".git/config", "build/dev/slipwayd", "README.md"}) {
    CAPTURE(out);
    CHECK(rules->excludes(out));
  }
  for (const char* in : {"CMakeLists.txt", "CMakePresets.json", "cmake/Libraries.cmake", "tools/install.sh",
                         "tools/build.sh", "images/dockerfiles/slipway.Dockerfile", "orchestrator/http/openapi.json",
                         "pipelines/schema.json", "base/encoding.cpp", "orchestrator/auth/key_file.cpp"}) {
    CAPTURE(in);
    CHECK_FALSE(rules->excludes(in));
  }
}

}  // namespace slipway::images
