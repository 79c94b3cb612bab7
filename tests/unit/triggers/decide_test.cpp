#include "orchestrator/triggers/decide.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

using namespace slipway;
using namespace slipway::triggers;
using store::Decision;
using store::ForkPolicy;

namespace {

const std::string commit(40, 'a');

TriggerEvent push_event() {
  TriggerEvent event;
  event.kind = EventKind::push;
  event.name = "push";
  event.ref = "refs/heads/main";
  event.branch = "main";
  event.commit = commit;
  event.title = event.message = "Fix it";
  return event;
}

TriggerEvent fork_event() {
  TriggerEvent event = push_event();
  event.kind = EventKind::pull_request;
  event.ref = "refs/pull/7/head";
  event.pull_request = PullRequest{7, PullRequestAction::opened, true, false, "mallory/shop", "main", "main"};
  return event;
}

store::Project project_with(ForkPolicy forks, bool supersede = false) {
  store::Project project;
  project.id = ProjectId(3);
  project.settings.forks = forks;
  project.settings.supersede = supersede;
  return project;
}

}  // namespace

TEST_CASE("a push queues a trusted run of its commit, for the project it was sent to") {
  TriggerEvent event = push_event();
  event.paths_known = true;
  event.changed_paths = {"a", "b"};
  const Decided decided = decide(event, project_with(ForkPolicy::approve));
  REQUIRE(decided.run);
  CHECK(decided.decision == Decision::accepted);
  CHECK(decided.run->project == ProjectId(3));
  CHECK(decided.run->commit == commit);
  CHECK(decided.run->trusted);
  CHECK(decided.run->state == store::RunState::queued);
  CHECK(parse_json(decided.run->context).value() == Json({{"changed_paths", {"a", "b"}}}));
}

TEST_CASE("what a fork's pull request gets is the project's choice, but never trust") {
  const Decided approve = decide(fork_event(), project_with(ForkPolicy::approve));
  REQUIRE(approve.run);
  CHECK(approve.run->state == store::RunState::waiting_approval);
  CHECK_FALSE(approve.run->trusted);
  CHECK_FALSE(approve.run->reason.empty());

  const Decided run = decide(fork_event(), project_with(ForkPolicy::run));
  REQUIRE(run.run);
  CHECK(run.run->state == store::RunState::queued);
  CHECK_FALSE(run.run->trusted);

  CHECK(decide(fork_event(), project_with(ForkPolicy::ignore)).decision == Decision::ignored);
}

TEST_CASE("a pull request from the repository itself is trusted and waits for nobody") {
  TriggerEvent event = fork_event();
  event.pull_request->from_fork = false;
  const Decided decided = decide(event, project_with(ForkPolicy::approve));
  REQUIRE(decided.run);
  CHECK(decided.run->trusted);
  CHECK(decided.run->state == store::RunState::queued);
  CHECK(decided.run->pull_request == 7);
}

TEST_CASE("a pull request of which nothing says where it is from counts as a fork's") {
  CHECK(PullRequest{}.from_fork);
}

TEST_CASE("'[skip ci]' in any case and place skips branches and pull requests, not tags") {
  for (const char* text : {"[skip ci]", "Fix it [CI SKIP]", "Fix\n\nBody [Skip CI] more"}) {
    TriggerEvent event = push_event();
    event.message = text;
    CHECK(decide(event, {}).decision == Decision::ignored);
    event.kind = EventKind::tag;
    event.ref = "refs/tags/v1";
    CHECK(decide(event, {}).decision == Decision::accepted);
  }
  for (const char* text : {"skip ci", "[skip  ci]", "[skip cid]", "(skip ci)"}) {
    TriggerEvent event = push_event();
    event.message = text;
    CHECK(decide(event, {}).decision == Decision::accepted);
  }
}

TEST_CASE("newer runs replace older ones of the same branch or pull request where the project says so") {
  CHECK(decide(push_event(), project_with(ForkPolicy::run)).run->supersede_key.empty());
  CHECK(decide(push_event(), project_with(ForkPolicy::run, true)).run->supersede_key == "refs/heads/main");
  CHECK(decide(fork_event(), project_with(ForkPolicy::run, true)).run->supersede_key == "pull/7");
  TriggerEvent tag = push_event();
  tag.kind = EventKind::tag;
  tag.ref = "refs/tags/v1";
  CHECK(decide(tag, project_with(ForkPolicy::run, true)).run->supersede_key.empty());
}

TEST_CASE("a registry's event runs the default branch and says which image it was") {
  TriggerEvent event;
  event.kind = EventKind::registry;
  event.registry = RegistryPush{"registry.example/base", "3.12", ""};
  store::Project project = project_with(ForkPolicy::run);
  project.default_branch = "trunk";
  const Decided decided = decide(event, project);
  REQUIRE(decided.run);
  CHECK(decided.run->ref == "refs/heads/trunk");
  CHECK(decided.run->branch == "trunk");
  CHECK(decided.run->commit.empty());
  CHECK(parse_json(decided.run->context).value()["image"] == "registry.example/base");
}
