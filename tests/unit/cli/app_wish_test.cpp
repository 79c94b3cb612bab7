#include "cli/app_wish.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "cli/rollout_progress.hpp"

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

TEST_CASE("each step of a rollout is told once, with its host or who said so, and the end is left to who waits") {
  const auto entry = [](const char* at, const char* host, const char* what, const char* detail, const char* who = "") {
    return Json{{"at", at}, {"host", host}, {"what", what}, {"detail", detail}, {"who", who}, {"fence", 3}};
  };
  Json audit = Json::object();
  audit["rollout"] = Json::object({{"id", 7}, {"state", "batch"}, {"ended_at", nullptr}});
  audit["entries"] =
      Json::array({entry("1", "", "queued", ""), entry("2", "", "leased", "0123abcd"), entry("3", "", "pulling", ""),
                   entry("3", "web1", "pending", ""), entry("5", "web1", "pulled", ""), entry("6", "", "batch", "")});
  using Lines = std::vector<std::string>;
  RolloutProgress progress;
  CHECK(progress.news(audit) == Lines{"rollout 7: pulling", "host web1: pulled", "rollout 7: batch"});
  CHECK(progress.news(audit).empty());
  Json& entries = audit["entries"];
  entries.insert(entries.begin() + 4, entry("4", "", "app.pause", "lunch", "ann"));
  entries.push_back(entry("7", "web1", "failed", "container shop-web-1: exit code 1\nno such\x1b[31m file"));
  entries.push_back(entry("8", "", "rolled_back", "host web1 failed"));
  audit["rollout"]["state"] = "rolled_back";
  audit["rollout"]["ended_at"] = "2026-11-25T01:28:51Z";
  CHECK(progress.news(audit) ==
        Lines{"rollout 7: app.pause by ann (lunch)", "host web1: failed (container shop-web-1: exit code 1)"});
}
