// What a Compose file says of approvals and windows.
#include <catch2/catch.hpp>

#include "orchestrator/rollouts/compose/decode.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

Result<Application> decode_waiting(std::string text) {
  ComposeText file;
  file.text = std::move(text);
  return decode_compose(file, ComposeRules());
}

}  // namespace

TEST_CASE("an approval names the roles whose word is needed") {
  const auto application = decode_waiting(
      "name: shop\nservices: {web: {image: a}}\n"
      "x-slipway: {concurrency: supersede, approval: {roles: [maintainer, release], count: 2, timeout: 90m, "
      "by_another: true}}\n");
  REQUIRE(application);
  CHECK(application->policy.concurrency == Concurrency::supersede);
  CHECK(application->policy.approval == ApprovalPolicy{{"maintainer", "release"}, 2, std::chrono::minutes(90), true});
  const auto wrong =
      decode_waiting("name: shop\nservices: {web: {image: a}}\nx-slipway:\n  approval: {roles: [Boss]}\n");
  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.error().message, Catch::StartsWith("compose.yml:4:14: a role's name"));
}

TEST_CASE("windows have a zone, days, times and dates on which they stay closed") {
  const auto application = decode_waiting(
      "name: shop\nservices: {web: {image: a}}\nx-slipway:\n  window:\n"
      "    - {zone: Europe/Berlin, days: [mon-wed, fri], from: \"09:00\", to: 16:30, except: "
      "[2026-12-24..2027-01-01]}\n"
      "    - {zone: America/New_York, days: sat-mon}\n");
  REQUIRE(application);
  const auto& windows = application->policy.windows;
  REQUIRE(windows.size() == 2);
  CHECK(windows[0].zone == "Europe/Berlin");
  CHECK(windows[0].days == std::array{true, true, true, false, true, false, false});
  CHECK(windows[0].from == std::chrono::hours(9));
  CHECK(windows[0].to == std::chrono::minutes(16 * 60 + 30));
  REQUIRE(windows[0].except.size() == 1);
  CHECK(windows[0].except[0].last - windows[0].except[0].first == std::chrono::days(8));
  CHECK(windows[1].days == std::array{true, false, false, false, false, true, true});
  CHECK(windows[1].to == std::chrono::hours(24));
  const auto wrong = decode_waiting(
      "name: shop\nservices: {web: {image: a}}\nx-slipway:\n  window: {zone: Europe/Berlin, days: [monday]}\n");
  REQUIRE_FALSE(wrong);
  CHECK_THAT(wrong.error().message, Catch::StartsWith("compose.yml:4:40: `days` are mon"));
}
