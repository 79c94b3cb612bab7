#include "orchestrator/rollouts/evidence.hpp"

#include <catch2/catch.hpp>

using slipway::rollouts::gist_of;

TEST_CASE("what an output comes to is its last line with anything in it, as far as a terminal can bear it") {
  CHECK(gist_of("Traceback (most recent call last):\n  File \"x\"\nHTTPError: 500\n\n \r\n") == "HTTPError: 500");
  CHECK(gist_of("refused") == "refused");
  CHECK(gist_of("\nrefused\n") == "refused");
  CHECK(gist_of("a\x1b[2Jb") == "a?[2Jb");
  CHECK(gist_of(std::string(1000, 'x')).size() == 300);
  CHECK(gist_of(" \n\n").empty());
  CHECK(gist_of("").empty());
}
