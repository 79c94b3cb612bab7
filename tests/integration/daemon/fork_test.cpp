// A pull request from a fork, from the forge's webhook to the end of its run.
#include "base/encoding.hpp"
#include "tests/integration/daemon/site.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

const std::string kForgesSecret = "the secret that the forge signs with";

/// What GitHub says of a pull request 7 of mallory's fork, whose head is `commit`.
std::string opened_from_fork(const std::string& commit, const std::string& base) {
  const Json head = {{"ref", "pennies"}, {"sha", commit}, {"repo", {{"full_name", "mallory/shop"}, {"fork", true}}}};
  const Json into = {{"ref", "main"}, {"sha", base}, {"repo", {{"full_name", "team/shop"}, {"fork", false}}}};
  const Json request = {{"number", 7},
                        {"title", "Count the pennies"},
                        {"user", {{"login", "mallory"}}},
                        {"draft", false},
                        {"state", "open"},
                        {"head", head},
                        {"base", into}};
  return dump_json(
      {{"action", "opened"}, {"number", 7}, {"pull_request", request}, {"repository", {{"full_name", "team/shop"}}}});
}

Json job_of(const Json& run, const std::string& name) {
  for (const Json& job : run["jobs"]) {
    if (job["name"] == name) return job;
  }
  FAIL("there is no job " << name << ": " << dump_json(run));
  return {};
}

std::string log_of_unit(const Site& site, const Json& run) {
  const std::string step = job_of(run, "unit")["steps"].at(0)["name"].get<std::string>();
  const std::string number = std::to_string(run["id"].get<std::int64_t>());
  return site.daemon->send("GET", "/api/v1/runs/" + number + "/jobs/unit/steps/" + step + "/logs").body;
}

const char* const kPipeline =
    "on: {push: {}, pull_request: {}}\n"
    "images: {app: {context: .}}\n"
    "jobs:\n"
    "  unit: {image: busybox, network: none, secrets: [TOKEN], run: [\"echo token=$TOKEN.\"]}\n"
    "  publish: {needs: [unit], if: \"event == 'pull_request'\", push: {image: app, to: \"127.0.0.1:9/shop/app\", "
    "tags: "
    "[\"1\"]}}\n"
    "  production: {needs: [publish], deploy: {file: compose.yml, images: {web: app}, group: production}}\n";

}  // namespace

TEST_CASE("a fork's pull request waits for an approval, gets no secret, and neither pushes nor deploys", "[engine]") {
  const Folder folder;
  Site site(folder, "true");
  REQUIRE(site.daemon->send("PATCH", "/api/v1/projects/shop", {{"hook_secret", kForgesSecret}}).status == 200);
  REQUIRE(site.daemon->send("PUT", "/api/v1/projects/shop/secrets/TOKEN", {{"value", "correct-horse"}}).status == 200);
  REQUIRE(write_file(folder.path() / "source" / "Dockerfile", "FROM busybox\n"));
  const std::string base = site.commit_pipeline(kPipeline);
  // As a forge keeps it: in the project's repository, under a name that is no branch.
  const std::string commit = site.in_source(
      "git checkout -q --detach; echo penny > pennies; git add -A; "
      "git commit -qm 'Count the pennies'; git update-ref refs/pull/7/head HEAD; git rev-parse HEAD; "
      "git checkout -q main");
  const std::string body = opened_from_fork(commit, base);
  const HttpResponse taken =
      site.deliver("",
                   {{"X-GitHub-Event", "pull_request"},
                    {"X-Hub-Signature-256", "sha256=" + to_hex(hmac_sha256(kForgesSecret, body))}},
                   body);
  INFO(taken.body);
  REQUIRE(taken.status == 202);
  const auto id = parse_json(taken.body).value()["run"].get<std::int64_t>();

  // One of the project's own goes past it, and has the secret.
  const Json own = site.finished(site.trigger_at_last());
  INFO(dump_json(own));
  CHECK(own["verdict"] == "passed");
  CHECK_THAT(log_of_unit(site, own), Catch::EndsWith("\ntoken=***.\n"));
  const Json waiting = site.run_of(id);
  INFO(dump_json(waiting));
  CHECK(waiting["state"] == "waiting_approval");
  CHECK(waiting["trusted"] == false);
  CHECK(waiting["pull_request"] == 7);
  CHECK(waiting["jobs"].empty());
  const Ran approved = site.daemon->slipway({"run", "approve", std::to_string(id)});
  INFO(approved.err);
  REQUIRE(approved.code == 0);

  const Json run = site.finished(id);
  INFO(dump_json(run));
  CHECK(run["verdict"] == "passed");
  CHECK(run["commit"] == commit);
  CHECK_THAT(log_of_unit(site, run), Catch::EndsWith("\ntoken=.\n"));
  CHECK(job_of(run, "unit")["verdict"] == "passed");
  CHECK(job_of(run, "publish")["verdict"] == "skipped");
  CHECK(job_of(run, "publish")["reason"] == "a pull request from a fork never pushes");
  CHECK(job_of(run, "production")["verdict"] == "skipped");
  CHECK(job_of(run, "production")["reason"] == "a pull request from a fork never deploys");
}
