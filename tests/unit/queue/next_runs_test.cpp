#include "orchestrator/queue/next_runs.hpp"

#include <catch2/catch.hpp>

using namespace slipway;
using namespace slipway::queue;
using slipway::store::Run;
using slipway::store::RunState;

namespace {

constexpr ProjectId kShop(1);
constexpr ProjectId kBlog(2);

Run run(std::int64_t id, ProjectId project, RunState state = RunState::queued, std::string key = {}) {
  Run made;
  made.id = RunId(id);
  made.project = project;
  made.state = state;
  made.supersede_key = std::move(key);
  return made;
}

Limits limits(std::size_t daemon, ProjectLimits shop = {}, ProjectLimits blog = {}) {
  Limits made;
  made.max_runs = daemon;
  made.projects = {{kShop, shop}, {kBlog, blog}};
  return made;
}

std::vector<std::int64_t> started(const std::vector<Run>& unfinished, const Limits& l) {
  std::vector<std::int64_t> ids;
  for (const RunId id : next_runs(unfinished, l)) ids.push_back(id.value);
  return ids;
}

using Ids = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("runs of one project start in the order they came, as many as there is room for") {
  const std::vector<Run> three{run(1, kShop), run(2, kShop), run(3, kShop)};
  CHECK(started(three, limits(2)) == Ids{1, 2});
  CHECK(started(three, limits(0)).empty());
  CHECK(started({}, limits(2)).empty());
}

TEST_CASE("runs under way take their places, also in excess of the limit") {
  CHECK(started({run(1, kShop, RunState::running), run(2, kShop)}, limits(2)) == Ids{2});
  CHECK(started({run(1, kShop, RunState::preparing), run(2, kShop, RunState::running), run(3, kShop)}, limits(2))
            .empty());
  CHECK(
      started({run(1, kShop, RunState::running), run(2, kShop, RunState::running), run(3, kShop)}, limits(1)).empty());
}

TEST_CASE("a project's own limit holds within the daemon's") {
  const std::vector<Run> mixed{run(1, kShop), run(2, kShop), run(3, kShop), run(4, kBlog)};
  CHECK(started(mixed, limits(10, {1, false})) == Ids{1, 4});
  CHECK(started(mixed, limits(10, {2, false})) == Ids{1, 4, 2});
}

TEST_CASE("a busy project does not keep a quiet one waiting") {
  const std::vector<Run> mixed{run(1, kShop, RunState::running), run(2, kShop), run(3, kShop), run(4, kBlog)};
  CHECK(started(mixed, limits(2)) == Ids{4});
  CHECK(started(mixed, limits(3)) == Ids{4, 2});
}

TEST_CASE("a project that the limits do not name has the daemon's limit") {
  CHECK(started({run(1, ProjectId(9)), run(2, ProjectId(9))}, limits(1)) == Ids{1});
}

TEST_CASE("a run that waits for an approval never starts") {
  CHECK(started({run(1, kShop, RunState::waiting_approval), run(2, kShop)}, limits(5)) == Ids{2});
}

TEST_CASE("of the queued runs of a ref the newest begins, and the others wait until it is known whether it is wanted") {
  const std::vector<Run> queued{run(1, kShop, RunState::queued, "main"), run(2, kShop, RunState::queued, "main"),
                                run(3, kShop, RunState::queued, "dev"), run(4, kShop, RunState::queued, "main")};
  CHECK(started(queued, limits(5, {0, true})) == Ids{4, 3});
  CHECK(started(queued, limits(1, {0, true})) == Ids{4});
  std::vector<Run> prepared = queued;
  prepared[3].state = RunState::preparing;
  CHECK(started(prepared, limits(5, {0, true})) == Ids{3});
  // It was not wanted, and is gone.
  prepared.pop_back();
  CHECK(started(prepared, limits(5, {0, true})) == Ids{2, 3});
}

TEST_CASE("a run that may replace an older one begins in the place that this holds, whatever the limits") {
  const std::vector<Run> runs{run(1, kShop, RunState::running, "main"), run(2, kBlog, RunState::running),
                              run(3, kShop, RunState::queued, "main"),  run(4, kShop, RunState::queued, "main"),
                              run(5, kShop, RunState::queued, "dev"),   run(6, kBlog)};
  CHECK(started(runs, limits(2, {1, true})) == Ids{4});
  CHECK(started(runs, limits(2, {1, false})).empty());
  std::vector<Run> later = runs;
  later[3].state = RunState::preparing;
  CHECK(started(later, limits(2, {1, true})).empty());
  // The two share one place: there is room for one more of the other project.
  CHECK(started(later, limits(3, {1, true})) == Ids{6});
}

TEST_CASE("a run that is older than the one that has begun needs a place of its own") {
  // The project supersedes since run 2 began.
  std::vector<Run> runs{run(1, kShop, RunState::queued, "main"), run(2, kShop, RunState::running, "main"),
                        run(4, kBlog)};
  CHECK(started(runs, limits(1, {0, true})).empty());
  CHECK(started(runs, limits(5, {1, true})) == Ids{4});
  CHECK(started(runs, limits(3, {0, true})) == Ids{4, 1});
  std::vector<Run> later = runs;
  later[0].state = RunState::preparing;
  CHECK(started(later, limits(2, {0, true})).empty());
  CHECK(started(later, limits(3, {0, true})) == Ids{4});
  // One that is newer than both would replace both.
  runs.push_back(run(5, kShop, RunState::queued, "main"));
  CHECK(started(runs, limits(1, {1, true})) == Ids{5});
}

TEST_CASE("a run that waits for the end of one that it replaces may be replaced itself") {
  std::vector<Run> runs{run(1, kShop, RunState::running, "main"), run(2, kShop, RunState::preparing, "main"),
                        run(3, kShop, RunState::queued, "main")};
  CHECK(started(runs, limits(1, {1, true})).empty());
  runs[0].cancel_requested = Time{};
  CHECK(started(runs, limits(1, {1, true})).empty());  // by a person: that says nothing of run 2
  runs[0].superseded_by = RunId(2);
  CHECK(started(runs, limits(1, {1, true})) == Ids{3});
}

TEST_CASE("what replaces a run that only waits for people needs a place of its own") {
  Limits one = limits(1, {0, true});
  one.idle = {RunId(1)};
  const Run idle = run(1, kShop, RunState::running, "main");
  const Run newer = run(3, kShop, RunState::queued, "main");
  CHECK(started({idle, newer}, one) == Ids{3});
  CHECK(started({idle, run(2, kBlog, RunState::running), newer}, one).empty());
}

TEST_CASE("runs of a ref are runs like any when the project does not supersede, or they have no key") {
  const std::vector<Run> same{run(1, kShop, RunState::queued, "main"), run(2, kShop, RunState::queued, "main")};
  CHECK(started(same, limits(5)) == Ids{1, 2});
  CHECK(started({run(1, kShop), run(2, kShop)}, limits(5, {0, true})) == Ids{1, 2});
}

TEST_CASE("the same key in two projects is two keys") {
  const std::vector<Run> runs{run(1, kShop, RunState::queued, "main"), run(2, kBlog, RunState::queued, "main")};
  CHECK(started(runs, limits(5, {0, true}, {0, true})) == Ids{1, 2});
}

TEST_CASE("a run that waits for an approval holds no other one of its ref back") {
  const std::vector<Run> newer_waits{run(1, kShop, RunState::queued, "main"),
                                     run(2, kShop, RunState::waiting_approval, "main")};
  CHECK(started(newer_waits, limits(5, {0, true})) == Ids{1});
  const std::vector<Run> older_waits{run(1, kShop, RunState::waiting_approval, "main"),
                                     run(2, kShop, RunState::queued, "main")};
  CHECK(started(older_waits, limits(5, {0, true})) == Ids{2});
}

TEST_CASE("the turn of a ref is that of its oldest queued run") {
  const std::vector<Run> runs{run(1, kShop, RunState::queued, "main"), run(2, kShop),
                              run(3, kShop, RunState::queued, "main")};
  CHECK(started(runs, limits(2, {0, true})) == Ids{3, 2});
  Limits one = limits(1, {0, true});
  one.idle = {RunId(1)};
  std::vector<Run> begun = runs;
  begun[0].state = RunState::running;
  CHECK(started(begun, one) == Ids{2});
}

TEST_CASE("a run that only waits for people takes no place") {
  Limits one = limits(1);
  one.idle = {RunId(1)};
  CHECK(started({run(1, kShop, RunState::running), run(2, kShop), run(3, kShop)}, one) == Ids{2});
}
