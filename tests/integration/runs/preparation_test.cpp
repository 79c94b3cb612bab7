// What becomes of a run before it begins: which commit it is of, and whether it is wanted.
#include "tests/integration/runs/mini_daemon.hpp"

using namespace slipway;
using namespace slipway::runs;

TEST_CASE("an annotated tag that is told by its own object is run as its commit") {
  const Site site;
  MiniDaemon daemon(site);
  const std::string commit = site.commit({{"slipway.yml",
                                           "on: {tag: }\n"
                                           "jobs:\n"
                                           "  unit: {image: busybox, network: none, run: [\"echo $SLIPWAY_COMMIT "
                                           "${{ commit.short }}\"]}\n"}});
  store::Run row;
  row.event = store::Trigger::tag;
  row.ref = "refs/tags/v2.0";
  row.tag = "v2.0";
  row.commit = site.shell("cd source; git tag -a -m two v2.0; git rev-parse v2.0");
  row.trusted = true;
  REQUIRE(row.commit != commit);
  const RunId id = daemon.add(std::move(row));
  const store::Run run = daemon.wait(id);
  INFO(run.reason);
  REQUIRE(run.verdict == store::Verdict::passed);
  CHECK(run.commit == commit);
  CHECK(run.title == "Change it");
  CHECK(run.author == "Dev <d@e.example>");
  const std::string log = daemon.log(id, daemon.attempts(id).at(0).log_name);
  CHECK_THAT(log, Catch::Contains(commit + " " + commit.substr(0, 7) + "\n"));
}

TEST_CASE("a commit that says [skip ci] is not run for a push or a pull request, but as a tag, by hand and once more") {
  const Site site;
  MiniDaemon daemon(site);
  site.commit({{"slipway.yml",
                "on: {push: {}, tag: , pull_request: {}}\n"
                "jobs:\n"
                "  unit: {image: busybox, network: none, run: [\"true\"]}\n"}});
  store::Run row;
  row.ref = "refs/heads/main";
  row.branch = "main";
  row.trusted = true;
  row.commit =
      site.shell("cd source; git commit -q --amend -m 'Change it' -m 'Words only. [Skip CI]'; git rev-parse HEAD");
  const auto ran_as = [&](store::Trigger event, RunId again) {
    row.event = event;
    row.rerun_of = again;
    return daemon.wait(daemon.add(row));
  };
  const store::Run push = ran_as(store::Trigger::push, RunId());
  CHECK(push.verdict == store::Verdict::skipped);
  CHECK(push.reason == "[skip ci] in the commit's message");
  CHECK(push.title == "Change it");
  CHECK(ran_as(store::Trigger::pull_request, RunId()).verdict == store::Verdict::skipped);
  CHECK(ran_as(store::Trigger::push, push.id).verdict == store::Verdict::passed);
  CHECK(ran_as(store::Trigger::tag, RunId()).verdict == store::Verdict::passed);
  CHECK(ran_as(store::Trigger::manual, RunId()).verdict == store::Verdict::passed);
}

TEST_CASE("a run whose jobs lack secrets tells all of them before it builds anything") {
  const Site site;
  MiniDaemon daemon(site);
  daemon.secrets["PRESENT"] = Secret("correct-horse");
  const RunId id = daemon.push(site.commit(
      {{"slipway.yml",
        "on: {push: {}}\n"
        "images: {app: {context: .}}\n"
        "services: {db: {image: busybox, command: [sleep, \"1000\"], secrets: [DB_PASSWORD]}}\n"
        "jobs:\n"
        "  unit: {image: \"${{ images.app }}\", services: [db], secrets: [PRESENT, API_KEY], run: [\"true\"]}\n"
        "  tell: {needs: [unit], if: failure(), image: busybox, secrets: [WEBHOOK], run: [\"true\"]}\n"},
       {"Dockerfile", "FROM busybox\n"}}));
  const store::Run run = daemon.wait(id);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason ==
        "job 'unit': step 'run': the project has no secret 'API_KEY'; job 'unit': service 'db': the project has no "
        "secret "
        "'DB_PASSWORD' (slipway secret set NAME -p shop)");
  CHECK(run.title == "Change it");
  CHECK(daemon.jobs(id).empty());
}
