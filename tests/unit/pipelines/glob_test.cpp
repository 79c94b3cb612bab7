#include "pipelines/glob.hpp"

#include <chrono>

#include <catch2/catch.hpp>

using namespace slipway::pipelines;

TEST_CASE("a pattern fits the whole of a text, folder by folder") {
  struct Row {
    const char* pattern;
    const char* text;
    bool fits;
  };
  const std::vector<Row> table{{"main", "main", true},
                               {"main", "maint", false},
                               {"main", "amain", false},
                               {"*", "main", true},
                               {"*", "", true},
                               {"*", "a/b", false},
                               {"**", "a/b/c", true},
                               {"**", "", true},
                               {"release/*", "release/1", true},
                               {"release/*", "release/1/2", false},
                               {"release/**", "release/1/2", true},
                               {"release/**", "release", false},
                               {"src/**", "src/a.c", true},
                               {"src/**", "srcs/a.c", false},
                               {"**/*.md", "README.md", true},
                               {"**/*.md", "docs/a/b.md", true},
                               {"**/*.md", "docs/a/b.mdx", false},
                               {"a/**/b", "a/b", true},
                               {"a/**/b", "a/x/b", true},
                               {"a/**/b", "a/x/y/b", true},
                               {"a/**/b", "a/xb", false},
                               {"a**b", "a/x/b", true},
                               {"v*", "v1.2", true},
                               {"v?", "v1", true},
                               {"v?", "v/", false},
                               {"v[0-9]", "v5", true},
                               {"v[0-9]", "vx", false},
                               {"v[!0-9]", "vx", true},
                               {"v[^0-9]", "v5", false},
                               {"[]]", "]", true},
                               {"[a-]", "-", true},
                               {"[!a]", "/", false},
                               {"\\*", "*", true},
                               {"\\*", "x", false},
                               {"a\\", "a\\", true},
                               {"[", "[", true},
                               {"*.c", ".c", true},
                               {"*a*b*", "xxaxxbxx", true},
                               {"*a*b*", "xxbxxaxx", false},
                               {"**/a/**", "a/b", true},
                               {"**/a/**", "x/a/b", true},
                               {"**/a/**", "x/ab/b", false},
                               {"", "", true},
                               {"", "a", false},
                               {"é*", "école", true}};
  for (const Row& row : table) {
    CAPTURE(row.pattern, row.text);
    CHECK(glob_matches(row.pattern, row.text) == row.fits);
  }
}

TEST_CASE("a pattern made to explode takes no time") {
  std::string pattern;
  for (int i = 0; i < 80; ++i) pattern += "**a";
  const std::string text(4000, 'a');
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(glob_matches(pattern, text + "b"));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(2));
}

TEST_CASE("the last pattern that matches decides, and `!` takes away") {
  CHECK(any_glob_matches({"*", "!wip*"}, "main"));
  CHECK_FALSE(any_glob_matches({"*", "!wip*"}, "wip-1"));
  CHECK(any_glob_matches({"*", "!wip*", "wip-ok"}, "wip-ok"));
  CHECK_FALSE(any_glob_matches({"main"}, "other"));
  CHECK(any_glob_matches({"!docs/**"}, "src/a"));
  CHECK_FALSE(any_glob_matches({"!docs/**"}, "docs/a"));
}

TEST_CASE("a pattern that can't be meant is refused") {
  for (const char* pattern : {"", "a[b", "a\\", "[]", "[!]"}) CHECK_FALSE(check_glob(pattern));
  CHECK_FALSE(check_glob(std::string(257, 'a')));
  for (const char* pattern : {"a", "[ab]", "\\[", "a\\\\", "[]]", "**", "\\\\[a]"}) CHECK(check_glob(pattern));
}
