#include "cli/output.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/jq.hpp"

using namespace slipway;
using namespace slipway::cli;

TEST_CASE("a table is aligned under its heading on a terminal and tab-separated elsewhere") {
  Table table({"ID", "STATE"});
  table.add({"1", "passed"});
  table.add({"1234", "failed"});
  CHECK(table.render(true) == "ID    STATE\n1     passed\n1234  failed\n");
  CHECK(table.render(false) == "1\tpassed\n1234\tfailed\n");
}

TEST_CASE("columns of a table are aligned by characters, not bytes") {
  Table table({"NAME", "X"});
  table.add({"Olá", "1"});
  table.add({"abcd", "2"});
  CHECK(table.render(true) == "NAME  X\nOlá   1\nabcd  2\n");
}

TEST_CASE("control characters that somebody put into a title don't reach the terminal") {
  CHECK(harmless("a\x1b[2Jb\nc") == "a\\x1b[2Jb c");
  CHECK(harmless("a\xc2\x9b"
                 "2J\xe2\x80\xae") == "a\\xc2\\x9b2J\\xe2\\x80\\xae");
  CHECK(harmless("\xc3\xa9 \xe2\x82\xac") == "\xc3\xa9 \xe2\x82\xac");
}

TEST_CASE("a log keeps its lines and colours on a terminal, and nothing else that the terminal would obey") {
  CHECK(harmless_log("a\x1b[1;31mred\x1b[0m\tb\nc") == "a\x1b[1;31mred\x1b[0m\tb\nc");
  CHECK(harmless_log("\x1b]52;c;ZXZpbA==\a") == "\\x1b]52;c;ZXZpbA==\\x07");
  CHECK(harmless_log("a\x1b[2K\x1b[1A") == "a\\x1b[2K\\x1b[1A");
  CHECK(harmless_log("failed\rpassed\r\n") == "failed\npassed\n");
  CHECK(harmless_log("\x1b[31") == "\\x1b[31");
  CHECK(harmless_log("\xc2\x9b"
                     "2J") == "\\xc2\\x9b2J");
}

TEST_CASE("durations are said in the two largest units") {
  CHECK(duration_between("2026-01-01T00:00:00Z", "2026-01-01T00:00:59Z") == "59s");
  CHECK(duration_between("2026-01-01T00:00:00Z", "2026-01-01T01:02:03Z") == "1h 2m");
  CHECK(duration_between("", "2026-01-01T01:02:03Z").empty());
}

TEST_CASE("jq prints strings raw and the rest as JSON, a line each") {
  CHECK(*run_jq(".[].a", R"([{"a":"x"},{"a":2},{"a":null}])") == "x\n2\nnull\n");
}

TEST_CASE("a jq program that does not compile or that fails is an error and not a crash") {
  CHECK(run_jq(".[", "[]").error().kind == Error::Kind::invalid);
  CHECK(run_jq(".a.b", R"({"a":1})").error().kind == Error::Kind::invalid);
}

TEST_CASE("an unknown JSON field is refused and the known ones are listed") {
  OutputOptions options;
  options.fields = "id,nonsense";
  const auto printed = print_json(Json{{"id", 1}, {"state", "x"}}, options);
  REQUIRE_FALSE(printed);
  CHECK(printed.error().hint == "fields: id state");
}
