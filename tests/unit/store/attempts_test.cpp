#include "orchestrator/store/attempts.hpp"

#include "orchestrator/store/events.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

AttemptKey key_of(RunId run, std::int64_t attempt = 1) {
  return AttemptKey(run, "unit", "test", attempt);
}

Attempt attempt_for(RunId run, std::int64_t number = 1) {
  Attempt attempt;
  attempt.key = key_of(run, number);
  attempt.container_name = "slip-0badcafe-" + to_string(run) + "-unit-test-a" + std::to_string(number);
  attempt.spec_hash = "5bec";
  attempt.log_name = "unit.test.a1";
  attempt.detail = R"({"needs":[]})";
  attempt.position = 2;
  attempt.created = kNoon;
  attempt.deadline = kNoon + std::chrono::hours(1);
  return attempt;
}

AttemptExit exit_with(std::int64_t code) {
  AttemptExit how;
  how.exit_code = code;
  how.finished = kNoon + Milliseconds(20);
  how.log.raw_offset = 300;
  how.log.stored_offset = 200;
  how.log.content_bytes = 100;
  how.log.sha256 = std::string(64, 'a');
  how.log.truncated = true;
  return how;
}

using Change = std::function<Result<void>(TemporaryStore&, AttemptKey)>;

Result<void> to_created(TemporaryStore& s, AttemptKey key) {
  return s.write(&Attempts::created, key, "c0ffee");
}
Result<void> to_running(TemporaryStore& s, AttemptKey key) {
  return s.write(&Attempts::running, key, kNoon + Milliseconds(10));
}
Result<void> to_exited(TemporaryStore& s, AttemptKey key) {
  return s.write(&Attempts::exited, key, exit_with(0));
}
Result<void> to_removed(TemporaryStore& s, AttemptKey key) {
  return s.write(&Attempts::removed, key);
}
Result<void> to_quarantined(TemporaryStore& s, AttemptKey key) {
  return s.write(&Attempts::quarantine, key, "another spec");
}
Result<void> stopping(TemporaryStore& s, AttemptKey key) {
  return s.write(&Attempts::stopping, key, "timeout");
}
Result<void> log_reached(TemporaryStore& s, AttemptKey key) {
  return s.write(&Attempts::log_reached, key, LogMark());
}

/// An attempt in each state, made the way it gets there.
AttemptKey attempt_in(TemporaryStore& s, RunId run, std::int64_t number, AttemptState state) {
  const AttemptKey key = key_of(run, number);
  REQUIRE(s.write(&Attempts::intend, attempt_for(run, number)));
  const std::map<AttemptState, std::vector<Change>> ways{
      {AttemptState::intent, {}},
      {AttemptState::created, {to_created}},
      {AttemptState::running, {to_created, to_running}},
      {AttemptState::exited, {to_created, to_running, to_exited}},
      {AttemptState::removed, {to_created, to_running, to_exited, to_removed}},
      {AttemptState::quarantined, {to_quarantined}},
  };
  for (const Change& change : ways.at(state)) REQUIRE(change(s, key));
  return key;
}

}  // namespace

TEST_CASE("the journal keeps the whole life of an attempt") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  REQUIRE(s.write(&Attempts::intend, attempt_for(run)));
  REQUIRE(to_created(s, key_of(run)));
  REQUIRE(to_running(s, key_of(run)));
  REQUIRE(to_exited(s, key_of(run)));
  s.reopen();
  const Attempt got = s.read(&Attempts::get, key_of(run)).value();
  CHECK(got.state == AttemptState::exited);
  CHECK(got.role == ContainerRole::step);
  CHECK(got.position == 2);
  CHECK(got.container_name == attempt_for(run).container_name);
  CHECK(got.container_id == "c0ffee");
  CHECK(got.spec_hash == "5bec");
  CHECK(got.log_name == "unit.test.a1");
  CHECK(got.detail == R"({"needs":[]})");
  CHECK(got.created == kNoon);
  CHECK(got.started == kNoon + Milliseconds(10));
  CHECK(got.deadline == kNoon + std::chrono::hours(1));
  CHECK(got.finished == kNoon + Milliseconds(20));
  CHECK(got.exit_code == 0);
  CHECK_FALSE(got.oom);
  CHECK(got.log.raw_offset == 300);
  CHECK(got.log.stored_offset == 200);
  CHECK(got.log.content_bytes == 100);
  CHECK(got.log.sha256 == std::string(64, 'a'));
  CHECK(got.log.truncated);
  CHECK_FALSE(got.log.gap);
}

TEST_CASE("an attempt makes no move that its state forbids, and so is never started twice") {
  struct Move {
    std::string name;
    std::set<AttemptState> from;
    Change apply;
  };
  const std::vector<Move> moves{
      {"created", {AttemptState::intent}, to_created},
      {"running", {AttemptState::created}, to_running},
      {"exited", {AttemptState::intent, AttemptState::created, AttemptState::running}, to_exited},
      {"removed", {AttemptState::exited, AttemptState::quarantined}, to_removed},
      {"quarantined", {AttemptState::intent, AttemptState::created, AttemptState::running}, to_quarantined},
      {"stopping", {AttemptState::created, AttemptState::running}, stopping},
      {"log", {AttemptState::running}, log_reached},
  };
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  std::int64_t number = 0;
  for (const Move& move : moves) {
    for (std::size_t i = 0; i < Names<AttemptState>::list.size(); ++i) {
      const auto state = static_cast<AttemptState>(i);
      CAPTURE(move.name, name_of(state));
      const AttemptKey key = attempt_in(s, run, ++number, state);
      const auto moved = move.apply(s, key);
      CHECK(moved.has_value() == move.from.contains(state));
      if (moved) continue;
      CHECK(moved.error().kind == Error::Kind::conflict);
      CHECK(s.read(&Attempts::get, key)->state == state);
    }
  }
}

TEST_CASE("an attempt, and a container's name, is in the journal once") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  REQUIRE(s.write(&Attempts::intend, attempt_for(run)));
  CHECK(s.write(&Attempts::intend, attempt_for(run)).error().kind == Error::Kind::conflict);
  Attempt same_name = attempt_for(run);
  same_name.key.step = "other";
  CHECK(s.write(&Attempts::intend, same_name).error().kind == Error::Kind::conflict);
  CHECK(s.read(&Attempts::list, run)->size() == 1);
  CHECK(to_created(s, key_of(run, 9)).error().kind == Error::Kind::not_found);
}

TEST_CASE("why a container was told to stop is kept as it was said first, whatever becomes of the attempt") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  const AttemptKey key = attempt_in(s, run, 1, AttemptState::created);
  CHECK(s.read(&Attempts::get, key)->stop_reason.empty());
  REQUIRE(stopping(s, key));
  REQUIRE(to_running(s, key));
  REQUIRE(s.write(&Attempts::stopping, key, "cancelled by ann"));
  REQUIRE(to_exited(s, key));
  s.reopen();
  CHECK(s.read(&Attempts::get, key)->stop_reason == "timeout");
  CHECK(s.read(&Attempts::list, run)->at(0).stop_reason == "timeout");
}

TEST_CASE("what the journal vouches for of a log never gets less") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  const AttemptKey key = attempt_in(s, run, 1, AttemptState::running);
  LogMark mark;
  mark.stored_offset = 100;
  mark.raw_offset = 120;
  REQUIRE(s.write(&Attempts::log_reached, key, mark));
  mark.stored_offset = 99;
  CHECK(s.write(&Attempts::log_reached, key, mark).error().kind == Error::Kind::conflict);
  CHECK(s.read(&Attempts::get, key)->log.stored_offset == 100);
}

TEST_CASE("open attempts of all runs are those that may have a container") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId one = add_run(s, project);
  const RunId two = add_run(s, project);
  for (std::size_t i = 0; i < Names<AttemptState>::list.size(); ++i) {
    attempt_in(s, one, static_cast<std::int64_t>(i) + 1, static_cast<AttemptState>(i));
  }
  attempt_in(s, two, 1, AttemptState::running);
  const auto open = s.read(&Attempts::open).value();
  CHECK(open.size() == Names<AttemptState>::list.size());
  CHECK(std::ranges::none_of(open, [](const Attempt& a) { return a.state == AttemptState::removed; }));
}

TEST_CASE("the timeline tells of steps and services, not of the machinery around them") {
  TemporaryStore s;
  const RunId run = add_run(s, add_project(s));
  attempt_in(s, run, 1, AttemptState::exited);
  Attempt pause = attempt_for(run, 2);
  pause.role = ContainerRole::pause;
  REQUIRE(s.write(&Attempts::intend, pause));
  REQUIRE(to_created(s, pause.key));
  REQUIRE(to_running(s, pause.key));
  EventFilter filter;
  filter.run = run;
  const auto events = s.read(&Events::list, filter)->items;
  REQUIRE(events.size() == 3);
  CHECK(events[1].kind == "step.running");
  CHECK(events[2].kind == "step.exited");
  CHECK(events[2].data == R"({"attempt":1,"exit_code":0,"job":"unit","role":"step","step":"test"})");
}
