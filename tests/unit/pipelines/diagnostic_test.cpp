#include "pipelines/diagnostic.hpp"

#include <catch2/catch.hpp>

using namespace slipway::pipelines;

TEST_CASE("a diagnostic is shown as compilers do") {
  Diagnostics said("slipway.yml");
  said.error({2, 5}, "unknown key `comands` in a job", "comands", "did you mean `commands`?");
  said.warning({1, 1}, "nothing tests it");
  CHECK(render(said, "jobs:\n    comands: [make]\n") ==
        "slipway.yml:1:1: warning: nothing tests it\n"
        "     1 | jobs:\n"
        "       | ^\n"
        "slipway.yml:2:5: error: unknown key `comands` in a job\n"
        "     2 |     comands: [make]\n"
        "       |     ^~~~~~~\n"
        "  help: did you mean `commands`?\n");
}

TEST_CASE("control characters of a file never reach a terminal") {
  Diagnostics said("f");
  said.error({1, 3}, "wrong", "\x1b[2J");
  CHECK(render(said, "a \x1b[2J\t\x7f") ==
        "f:1:3: error: wrong\n"
        "     1 | a ?[2J ?\n"
        "       |   ^~~~\n");
}

TEST_CASE("a long line is cut around the caret") {
  Diagnostics said("f");
  said.error({1, 501}, "wrong", "x");
  const std::string shown = render(said, std::string(500, 'a') + "x" + std::string(500, 'b'));
  CHECK(shown.size() < 400);
  CHECK(shown.find("ax") != std::string::npos);
  const std::size_t line = shown.find("     1 | ");
  const std::size_t mark = shown.find("       | ");
  // "…" is three bytes for one column.
  CHECK(shown.find('^', mark) - mark == shown.find('x', line) - line - 2);
}

TEST_CASE("a place outside of the file is no accident") {
  Diagnostics said("f");
  said.error({99, 7}, "beyond the end");
  said.error({1, 99}, "beyond the line", "abc");
  CHECK(render(said, "ab\n") ==
        "f:1:99: error: beyond the line\n"
        "     1 | ab\n"
        "       |   ^\n"
        "f:99:7: error: beyond the end\n");
}

TEST_CASE("a report is bounded, and says what it leaves out") {
  Diagnostics said("f");
  for (int i = 1; i <= 250; ++i) said.error({i, 1}, "wrong");
  said.error({1, 1}, "wrong");
  CHECK(said.errors() == 250);
  CHECK(said.sorted().size() == Diagnostics::limit);
  CHECK(render(said, "").ends_with("f: 150 more are not shown\n"));
}

TEST_CASE("an offending text is cut between characters") {
  Diagnostics said("f");
  std::string text = "a";
  for (int i = 0; i < 200; ++i) text += "é";
  said.error({1, 1}, "long", text);
  const std::string kept = said.sorted()[0].text;
  CHECK(kept.size() < 210);
  CHECK(kept.ends_with("é…"));
}

TEST_CASE("a suggestion is near, or there is none") {
  const std::vector<std::string_view> keys{"branches", "paths", "timeout", "run", "db"};
  CHECK(closest("branchs", keys) == "branches");
  CHECK(closest("time-out", keys) == "timeout");
  CHECK(closest("TIMEOUT", keys) == "timeout");
  CHECK(closest("rnu", keys) == "run");
  CHECK(closest("bd", keys) == "db");
  CHECK(closest("cache", keys).empty());
  CHECK(closest("", keys).empty());
  CHECK(closest(std::string(100'000, 'a'), keys).empty());
  CHECK(suggest("cache", {"a", "b"}) == "use one of: a, b");
  CHECK(suggest("cache", {}).empty());
}
