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
  for (const RunId id : next_runs(unfinished, l).start) ids.push_back(id.value);
  return ids;
}

using Ids = std::vector<std::int64_t>;
using Pairs = std::vector<Supersession>;

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

TEST_CASE("only the newest run of a ref goes on when the project supersedes") {
  const std::vector<Run> runs{run(1, kShop, RunState::running, "main"), run(2, kShop, RunState::queued, "main"),
                              run(3, kShop, RunState::queued, "dev"), run(4, kShop, RunState::queued, "main")};
  const Next next = next_runs(runs, limits(5, {0, true}));
  CHECK(next.supersede == Pairs{{RunId(1), RunId(4)}, {RunId(2), RunId(4)}});
  CHECK(next.start == std::vector<RunId>{RunId(3), RunId(4)});
}

TEST_CASE("nothing is superseded when the project does not want it, or the run has no key") {
  const std::vector<Run> same{run(1, kShop, RunState::queued, "main"), run(2, kShop, RunState::queued, "main")};
  CHECK(next_runs(same, limits(5)).supersede.empty());
  CHECK(next_runs({run(1, kShop), run(2, kShop)}, limits(5, {0, true})).supersede.empty());
}

TEST_CASE("the same key in two projects is two keys") {
  const std::vector<Run> runs{run(1, kShop, RunState::queued, "main"), run(2, kBlog, RunState::queued, "main")};
  CHECK(next_runs(runs, limits(5, {0, true}, {0, true})).supersede.empty());
}

TEST_CASE("a run that waits for an approval is superseded but does not supersede") {
  const std::vector<Run> newer_waits{run(1, kShop, RunState::running, "main"),
                                     run(2, kShop, RunState::waiting_approval, "main")};
  CHECK(next_runs(newer_waits, limits(5, {0, true})).supersede.empty());
  const std::vector<Run> older_waits{run(1, kShop, RunState::waiting_approval, "main"),
                                     run(2, kShop, RunState::queued, "main")};
  CHECK(next_runs(older_waits, limits(5, {0, true})).supersede == Pairs{{RunId(1), RunId(2)}});
}

TEST_CASE("a run that is being cancelled is not superseded again, and replaces nothing") {
  std::vector<Run> runs{run(1, kShop, RunState::running, "main"), run(2, kShop, RunState::running, "main")};
  runs[0].cancel_requested = Time{};
  CHECK(next_runs(runs, limits(5, {0, true})).supersede.empty());
  runs[0].cancel_requested.reset();
  runs[1].cancel_requested = Time{};
  CHECK(next_runs(runs, limits(5, {0, true})).supersede.empty());
}

TEST_CASE("a run that only waits for people takes no place") {
  Limits one = limits(1);
  one.idle = {RunId(1)};
  CHECK(started({run(1, kShop, RunState::running), run(2, kShop), run(3, kShop)}, one) == Ids{2});
}
