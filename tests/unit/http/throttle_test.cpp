#include "orchestrator/http/throttle.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::http;

namespace {
constexpr Time noon{Milliseconds(1'790'000'000'000)};
constexpr Milliseconds none(0);

void fail_often(Throttle& throttle, const std::string& address, int times) {
  for (int i = 0; i < times; ++i) throttle.failed(address, noon);
}
}  // namespace

TEST_CASE("a few wrong tokens cost nothing") {
  Throttle throttle;
  fail_often(throttle, "a", Throttle::free_failures - 1);
  CHECK(throttle.wait("a", noon) == none);
}

TEST_CASE("further wrong tokens cost twice as long each, up to five minutes") {
  Throttle throttle;
  fail_often(throttle, "a", Throttle::free_failures);
  CHECK(throttle.wait("a", noon) == std::chrono::seconds(1));
  throttle.failed("a", noon);
  CHECK(throttle.wait("a", noon) == std::chrono::seconds(2));
  fail_often(throttle, "a", 100);
  CHECK(throttle.wait("a", noon) == std::chrono::minutes(5));
}

TEST_CASE("the wait passes, and concerns one address only") {
  Throttle throttle;
  fail_often(throttle, "a", Throttle::free_failures + 2);
  CHECK(throttle.wait("a", noon + std::chrono::seconds(4)) == none);
  CHECK(throttle.wait("b", noon) == none);
}

TEST_CASE("a right token clears the slate") {
  Throttle throttle;
  fail_often(throttle, "a", 50);
  throttle.succeeded("a");
  CHECK(throttle.wait("a", noon) == none);
  CHECK(throttle.size() == 0);
}

TEST_CASE("a clock set back makes nobody wait longer than five minutes") {
  Throttle throttle;
  fail_often(throttle, "a", 50);
  CHECK(throttle.wait("a", noon - std::chrono::hours(5)) <= std::chrono::minutes(5));
}

TEST_CASE("many addresses are forgotten rather than kept") {
  Throttle throttle;
  for (int i = 0; i < 10000; ++i) throttle.failed("address " + std::to_string(i), noon);
  CHECK(throttle.size() == 4096);
  fail_often(throttle, "address 9999", Throttle::free_failures);
  CHECK(throttle.wait("address 9999", noon) > none);
}
