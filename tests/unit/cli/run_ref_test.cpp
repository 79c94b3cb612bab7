#include "cli/run_ref.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/support/scripted_server.hpp"

using namespace slipway;
using namespace slipway::cli;
using namespace std::chrono_literals;
using Turns = std::vector<ScriptedServer::Turn>;

namespace {

const std::string asked_for(40, 'a');

std::string a_run(int id, const std::string& state, const std::string& commit) {
  return fmt::format(R"({{"id": {}, "project": "shop", "state": "{}", "commit": "{}"}})", id, state, commit);
}

/// What the newest runs are, then which is of the commit.
void tell_once(Turns& turns, const std::string& newest, const std::string& of_commit) {
  for (const std::string& items : {newest, of_commit}) {
    turns.emplace_back(ScriptedServer::json(R"({"items": [)" + items + "]}"));
  }
}

Result<std::int64_t> find_in(Turns turns, std::chrono::milliseconds patience) {
  const ScriptedServer server(std::move(turns));
  Session session;
  session.flags.url = server.url();
  session.flags.project = "shop";
  RunRef ref;
  ref.commit = asked_for;
  return find_run(session, ref, patience);
}

}  // namespace

TEST_CASE("a run by hand that has no commit yet is waited for, so that the one before it is not taken for it") {
  const std::string before = a_run(9, "finished", asked_for), pushed = a_run(11, "queued", std::string(40, 'b'));
  Turns turns;
  tell_once(turns, pushed + "," + a_run(12, "queued", "") + "," + before, before);
  tell_once(turns, a_run(12, "preparing", "") + "," + before, before);
  tell_once(turns, a_run(12, "preparing", asked_for) + "," + before, a_run(12, "preparing", asked_for));
  CHECK(find_in(turns, 20s) == 12);
}

TEST_CASE(
    "an older run without a commit, one that waits for an approval and those that have ended keep nobody waiting") {
  const std::string newest = a_run(9, "running", asked_for);
  Turns turns;
  tell_once(
      turns,
      a_run(13, "finished", "") + "," + a_run(12, "waiting_approval", "") + "," + newest + "," + a_run(8, "queued", ""),
      newest);
  CHECK(find_in(turns, 20s) == 9);
}

TEST_CASE("where it stays open which run is meant, one under way is taken, and one that has ended is not") {
  const std::string state = GENERATE("running", "finished");
  Turns turns;
  for (int i = 0; i < 20; ++i) tell_once(turns, a_run(12, "queued", ""), a_run(9, state, asked_for));
  const auto found = find_in(turns, 300ms);
  if (state == "running") {
    CHECK(found == 9);
  } else {
    REQUIRE_FALSE(found);
    CHECK(found.error().kind == Error::Kind::conflict);
    CHECK(found.error().hint == "slipway run watch 12");
  }
}

TEST_CASE("a verb that does not wait takes the newest run of the commit as it is") {
  Turns turns;
  turns.emplace_back(ScriptedServer::json(R"({"items": [)" + a_run(9, "finished", asked_for) + "]}"));
  CHECK(find_in(turns, 0ms) == 9);
}
