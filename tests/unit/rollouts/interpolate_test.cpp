#include "orchestrator/rollouts/compose/interpolate.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::rollouts;

TEST_CASE("Compose's forms of variables are substituted") {
  const Variables variables{{"A", "one"}, {"EMPTY", ""}, {"B_2", "two"}};
  const auto [text, expected] = GENERATE(table<std::string, std::string>({
      {"plain", "plain"},
      {"$A", "one"},
      {"x${A}y$B_2", "xoneytwo"},
      {"${A:-other}", "one"},
      {"${NONE:-other}", "other"},
      {"${NONE-other}", "other"},
      {"${EMPTY:-other}", "other"},
      {"${EMPTY-other}", ""},
      {"${EMPTY?must}", ""},
      {"${A:+yes}", "yes"},
      {"${EMPTY:+yes}", ""},
      {"${EMPTY+yes}", "yes"},
      {"${NONE+yes}", ""},
      {"${NONE:-${A}}", "one"},
      {"${NONE:-a${NONE:-$A}b}", "aoneb"},
      {"$$A ${NONE:-$$}", "$A $"},
      {"${NONE:-}", ""},
  }));
  CAPTURE(text);
  const auto result = interpolate(text, variables);
  REQUIRE(result);
  CHECK(*result == expected);
}

TEST_CASE("what is no variable, or not set, is an error that says how to write it") {
  const auto [text, message] = GENERATE(table<std::string, std::string>({
      {"$NONE", "variable 'NONE' is not set"},
      {"${NONE}", "variable 'NONE' is not set"},
      {"${NONE:?give a name}", "variable 'NONE' is required: give a name"},
      {"${NONE?}", "variable 'NONE' is required"},
      {"${A", "'${' is not closed"},
      {"${}", "'${}' names no variable"},
      {"${1A}", "'${1A}' names no variable"},
      {"${A!x}", "'${A!x}' is not understood"},
      {"${A:x}", "'${A:x}' is not understood"},
      {"costs 5$", "a '$' that starts no variable"},
  }));
  CAPTURE(text);
  const auto result = interpolate(text, {{"A", "one"}});
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == Error::Kind::invalid);
  CHECK(result.error().message == message);
}

TEST_CASE("nesting without end is refused") {
  std::string text = "x";
  for (int i = 0; i < 40; ++i) text = "${N:-" + text + "}";
  CHECK_FALSE(interpolate(text, {}));
}
