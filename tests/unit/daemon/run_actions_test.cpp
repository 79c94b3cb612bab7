#include "orchestrator/daemon/run_actions.hpp"

#include "orchestrator/rollouts/hold.hpp"
#include "orchestrator/rollouts/origin.hpp"
#include "orchestrator/store/runs.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

rollouts::Word maintainers_word(std::string by) {
  rollouts::Word word;
  word.by = std::move(by);
  word.roles = {"viewer", "maintainer"};
  return word;
}

}  // namespace

TEST_CASE("who triggers a run by hand can't alone approve its deployment, and the commit keeps its author") {
  store::TemporaryStore s;
  store::add_project(s);
  const ManualClock clock{store::kNoon};
  RunActions actions(*s.store, clock);
  http::TriggerOrder order;
  order.project = "shop";
  order.ref = "main";
  const auto id = run_async(actions.trigger(order, "ann"));
  REQUIRE(id);
  REQUIRE(s.write(&store::Runs::describe, *id, std::string("c0ffee"), std::string("Change it"),
                  std::string("Bob <bob@example.org>")));
  const store::Run run = s.read(&store::Runs::get, *id).value();
  CHECK(run.author == "Bob <bob@example.org>");
  CHECK(rollouts::asker_of(run) == "ann");

  rollouts::Hold hold;
  hold.approval = rollouts::ApprovalPolicy{{"maintainer"}, 1, std::chrono::hours(2), true};
  hold.asked_by = rollouts::asker_of(run);
  REQUIRE(hold.approve(maintainers_word("ann"), store::kNoon));
  CHECK_FALSE(hold.approved());
  REQUIRE(hold.approve(maintainers_word("Bob"), store::kNoon));
  CHECK(hold.approved());
}
