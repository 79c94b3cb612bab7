#include "cli/patience.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::cli;
using namespace std::chrono_literals;

namespace {
const Error silence(Error::Kind::unavailable, "nobody there");
}

TEST_CASE("who waits bears with a daemon that does not answer, for a while, and anew after each answer") {
  Patience patience(100ms, 30ms);
  int tries = 0;
  while (patience.try_again(silence, {})) ++tries;
  CHECK(tries >= 1);
  CHECK(tries <= 5);
  CHECK_FALSE(patience.try_again(silence, {}));
  patience.answered();
  CHECK(patience.try_again(silence, {}));
}

TEST_CASE("an answer that says no is not asked for again, nor is anything once the wait is called off") {
  Patience patience(10s, 1ms);
  CHECK(patience.try_again(Error(Error::Kind::timeout, "slow"), {}));
  for (const Error::Kind kind : {Error::Kind::unauthorized, Error::Kind::not_found, Error::Kind::protocol}) {
    CHECK_FALSE(patience.try_again(Error(kind, "no"), {}));
  }
  std::stop_source stop;
  CHECK(patience.try_again(silence, stop.get_token()));
  stop.request_stop();
  CHECK_FALSE(patience.try_again(silence, stop.get_token()));
}
