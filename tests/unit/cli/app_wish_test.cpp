#include "cli/app_wish.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace slipway;
using namespace slipway::cli;

TEST_CASE("a rollback is good if it succeeded or turned a rollout round, not if it was itself called off") {
  const auto end = [](const char* kind, const char* state) { return Json{{"kind", kind}, {"state", state}}; };
  CHECK(exit_of_rollout(end("rollback", "succeeded"), true) == Exit::ok);
  CHECK(exit_of_rollout(end("deploy", "rolled_back"), true) == Exit::ok);
  CHECK(exit_of_rollout(end("rollback", "rolled_back"), true) == Exit::run_failed);
  CHECK(exit_of_rollout(end("rollback", "rollback_failed"), true) == Exit::run_failed);
  CHECK(exit_of_rollout(end("redeploy", "rolled_back"), false) == Exit::run_failed);
}
