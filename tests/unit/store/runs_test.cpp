#include "orchestrator/store/events.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::store;

namespace {

std::vector<std::string> kinds_of(TemporaryStore& s, RunId run) {
  EventFilter filter;
  filter.run = run;
  const auto page = s.read(&Events::list, filter);
  REQUIRE(page);
  std::vector<std::string> kinds;
  for (const Event& event : page->items) kinds.push_back(event.kind);
  return kinds;
}

std::vector<Job> two_jobs() {
  Job build;
  build.name = "app";
  build.kind = JobKind::build;
  Job unit;
  unit.name = "unit";
  return {build, unit};
}

/// A run in each state, made the way it gets there.
RunId run_in(TemporaryStore& s, ProjectId project, RunState state) {
  if (state == RunState::waiting_approval) {
    Run run;
    run.project = project;
    run.state = state;
    run.created = kNoon;
    return s.write(&Runs::add, run).value();
  }
  const RunId id = add_run(s, project);
  if (state == RunState::queued) return id;
  REQUIRE(s.write(&Runs::prepare, id, kNoon));
  if (state == RunState::preparing) return id;
  REQUIRE(s.write(&Runs::start, id, "{}", two_jobs(), kNoon, kNoon));
  if (state == RunState::running) return id;
  REQUIRE(s.write(&Runs::finish, id, Verdict::passed, "", kNoon));
  return id;
}

/// A run of one commit for a pull request, which ended so; none: it is queued.
RunId pull_run(TemporaryStore& s, ProjectId project, std::int64_t pull_request, Verdict verdict) {
  Run run;
  run.project = project;
  run.event = Trigger::pull_request;
  run.ref = "refs/pull/" + std::to_string(pull_request) + "/head";
  run.pull_request = pull_request;
  run.commit = "0123456789abcdef";
  run.created = kNoon;
  const RunId id = s.write(&Runs::add, run).value();
  if (verdict != Verdict::none) REQUIRE(s.write(&Runs::finish, id, verdict, "", kNoon));
  return id;
}

RunId telling(TemporaryStore& s, ProjectId project, Trigger event = Trigger::pull_request) {
  return s.read(&Runs::telling, project, "0123456789abcdef", event).value().id;
}

constexpr std::array kStates{RunState::queued, RunState::waiting_approval, RunState::preparing, RunState::running,
                             RunState::finished};

}  // namespace

TEST_CASE("a run keeps all that it was added with") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  Run run;
  run.project = project;
  run.event = Trigger::pull_request;
  run.ref = "refs/pull/7/head";
  run.branch = "feature";
  run.tag = "v1";
  run.commit = "c0ffee";
  run.base_commit = "beef";
  run.title = "Add a thing";
  run.author = "Ann <ann@example.com>";
  run.pull_request = 7;
  run.trusted = true;
  run.parameters = R"({"env":"prod"})";
  run.context = R"({"image":"x"})";
  run.created = kNoon;
  run.attempt = 3;
  run.failed_only = true;
  run.supersede_key = "feature";
  const RunId id = s.write(&Runs::add, run).value();

  const Run got = s.read(&Runs::get, id).value();
  CHECK(got.project == project);
  CHECK(got.number == 1);
  CHECK(got.event == Trigger::pull_request);
  CHECK(got.ref == run.ref);
  CHECK(got.branch == run.branch);
  CHECK(got.tag == run.tag);
  CHECK(got.commit == run.commit);
  CHECK(got.base_commit == run.base_commit);
  CHECK(got.title == run.title);
  CHECK(got.author == run.author);
  CHECK(got.pull_request == 7);
  CHECK(got.trusted);
  CHECK(got.parameters == run.parameters);
  CHECK(got.context == run.context);
  CHECK(got.created == kNoon);
  CHECK(got.attempt == 3);
  CHECK(got.failed_only);
  CHECK(got.supersede_key == "feature");
  CHECK(got.state == RunState::queued);
  CHECK(got.verdict == Verdict::none);
  CHECK_FALSE(got.started);
  CHECK_FALSE(got.cancel_requested);
}

TEST_CASE("runs are numbered within their project") {
  TemporaryStore s;
  const ProjectId shop = add_project(s, "shop");
  const ProjectId blog = add_project(s, "blog");
  add_run(s, shop);
  const RunId second = add_run(s, shop);
  const RunId other = add_run(s, blog);
  CHECK(s.read(&Runs::get, second)->number == 2);
  CHECK(s.read(&Runs::get, other)->number == 1);
  CHECK(s.read(&Runs::find, shop, 2)->id == second);
  CHECK(s.read(&Runs::find, shop, 3).error().kind == Error::Kind::not_found);
}

TEST_CASE("a run goes from queued to finished and the timeline says so") {
  TemporaryStore s;
  const RunId id = add_run(s, add_project(s));
  REQUIRE(s.write(&Runs::prepare, id, kNoon));
  REQUIRE(s.write(&Runs::describe, id, "ignored", "A title", "Ann"));
  REQUIRE(s.write(&Runs::start, id, R"({"jobs":2})", two_jobs(), kNoon + Milliseconds(9), kNoon));
  REQUIRE(s.write(&Runs::finish, id, Verdict::failed, "unit failed", kNoon + Milliseconds(5)));
  const Run run = s.read(&Runs::get, id).value();
  CHECK(run.state == RunState::finished);
  CHECK(run.verdict == Verdict::failed);
  CHECK(run.reason == "unit failed");
  CHECK(run.plan == R"({"jobs":2})");
  CHECK(run.commit == "0123456789abcdef");
  CHECK(run.title == "A title");
  CHECK(run.deadline == kNoon + Milliseconds(9));
  CHECK(run.finished == kNoon + Milliseconds(5));
  CHECK(kinds_of(s, id) == std::vector<std::string>{"run.queued", "run.preparing", "run.started", "run.finished"});
}

TEST_CASE("a run that was added with a tag's object gets the commit itself, until it has finished") {
  TemporaryStore s;
  const RunId id = add_run(s, add_project(s), "aaaa0000");
  REQUIRE(s.write(&Runs::correct_commit, id, "bbbb0000"));
  CHECK(s.read(&Runs::get, id)->commit == "bbbb0000");
  REQUIRE(s.write(&Runs::finish, id, Verdict::passed, "", kNoon));
  CHECK(s.write(&Runs::correct_commit, id, "cccc0000").error().kind == Error::Kind::conflict);
  CHECK(s.read(&Runs::get, id)->commit == "bbbb0000");
}

TEST_CASE("a run learns what its trigger did not know, until it has finished") {
  TemporaryStore s;
  const RunId id = add_run(s, add_project(s), "aaaa0000");
  REQUIRE(s.write(&Runs::learn_context, id, R"({"image_digest":"sha256:1"})"));
  CHECK(s.read(&Runs::get, id)->context == R"({"image_digest":"sha256:1"})");
  REQUIRE(s.write(&Runs::finish, id, Verdict::passed, "", kNoon));
  CHECK(s.write(&Runs::learn_context, id, "{}").error().kind == Error::Kind::conflict);
  CHECK(s.read(&Runs::get, id)->context == R"({"image_digest":"sha256:1"})");
}

TEST_CASE("each change of a run is refused from the states that forbid it") {
  struct Change {
    std::string name;
    std::set<RunState> allowed;
    std::function<Result<void>(TemporaryStore&, RunId)> apply;
  };
  const std::vector<Change> changes{
      {"approve",
       {RunState::waiting_approval},
       [](TemporaryStore& s, RunId id) { return s.write(&Runs::approve, id, "ann", kNoon); }},
      {"prepare", {RunState::queued}, [](TemporaryStore& s, RunId id) { return s.write(&Runs::prepare, id, kNoon); }},
      {"start",
       {RunState::preparing},
       [](TemporaryStore& s, RunId id) { return s.write(&Runs::start, id, "{}", two_jobs(), kNoon, kNoon); }},
      {"finish",
       {RunState::queued, RunState::waiting_approval, RunState::preparing, RunState::running},
       [](TemporaryStore& s, RunId id) { return s.write(&Runs::finish, id, Verdict::error, "x", kNoon); }},
      {"cancel",
       {RunState::queued, RunState::waiting_approval, RunState::preparing, RunState::running},
       [](TemporaryStore& s, RunId id) { return s.write(&Runs::cancel, id, "ann", kNoon); }},
  };
  TemporaryStore s;
  const ProjectId project = add_project(s);
  for (const Change& change : changes) {
    for (const RunState state : kStates) {
      CAPTURE(change.name, name_of(state));
      const RunId id = run_in(s, project, state);
      const auto result = change.apply(s, id);
      CHECK(result.has_value() == change.allowed.contains(state));
      if (result) continue;
      CHECK(result.error().kind == Error::Kind::conflict);
      CHECK(s.read(&Runs::get, id)->state == state);
    }
  }
}

TEST_CASE("cancelling a run that has not begun finishes it, one that has is asked to stop") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId queued = run_in(s, project, RunState::queued);
  REQUIRE(s.write(&Runs::cancel, queued, "ann", kNoon));
  CHECK(s.read(&Runs::get, queued)->verdict == Verdict::cancelled);
  CHECK(s.read(&Runs::get, queued)->reason == "cancelled by ann");

  const RunId running = run_in(s, project, RunState::running);
  REQUIRE(s.write(&Runs::cancel, running, "ann", kNoon));
  REQUIRE(s.write(&Runs::cancel, running, "bob", kNoon + Milliseconds(1)));
  const Run run = s.read(&Runs::get, running).value();
  CHECK(run.state == RunState::running);
  CHECK(run.cancelled_by == "ann");
  CHECK(stop_reason(run) == "cancelled by ann");
  CHECK(run.cancel_requested == kNoon);
}

TEST_CASE("a superseded run ends as superseded, whoever finishes it") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId queued = run_in(s, project, RunState::queued);
  const RunId running = run_in(s, project, RunState::running);
  const RunId newer = add_run(s, project);
  REQUIRE(s.write(&Runs::supersede, queued, newer, kNoon));
  REQUIRE(s.write(&Runs::supersede, running, newer, kNoon));
  CHECK(s.read(&Runs::get, queued)->verdict == Verdict::superseded);
  CHECK(s.read(&Runs::get, queued)->reason == "superseded by run 3");
  CHECK(s.read(&Runs::get, running)->verdict == Verdict::none);
  CHECK(stop_reason(*s.read(&Runs::get, running)) == "superseded by run 3");
  REQUIRE(s.write(&Runs::finish, running, Verdict::cancelled, "", kNoon));
  CHECK(s.read(&Runs::get, running)->verdict == Verdict::superseded);
  CHECK(s.read(&Runs::get, running)->superseded_by == newer);
}

TEST_CASE("people are told of runs by their ids, not by their numbers within the project") {
  TemporaryStore s;
  add_run(s, add_project(s, "shop"));
  const ProjectId blog = add_project(s, "blog");
  const RunId done = run_in(s, blog, RunState::finished);
  REQUIRE(s.read(&Runs::get, done)->number == 1);
  CHECK(s.write(&Runs::approve, done, "ann", kNoon).error().message == "run 2 is finished and can't be approved");
  const RunId replaced = run_in(s, blog, RunState::queued);
  REQUIRE(s.write(&Runs::supersede, replaced, add_run(s, blog), kNoon));
  CHECK(s.read(&Runs::get, replaced)->reason == "superseded by run 4");
}

TEST_CASE("a run replaces the older ones with its key, in every state, and knows which of them have to end first") {
  TemporaryStore s;
  const ProjectId shop = add_project(s, "shop");
  const ProjectId blog = add_project(s, "blog");
  const auto add = [&](ProjectId project, std::string key, RunState state = RunState::queued) {
    Run run;
    run.project = project;
    run.supersede_key = std::move(key);
    run.state = state;
    return s.write(&Runs::add, run).value();
  };
  const RunId waiting = add(shop, "main", RunState::waiting_approval);
  const RunId queued = add(shop, "main");
  const RunId under_way = add(shop, "main");
  REQUIRE(s.write(&Runs::prepare, under_way, kNoon));
  const std::vector others{add(shop, "dev"), add(blog, "main"), add(shop, "")};
  const RunId newer = add(shop, "main");
  const RunId newest = add(shop, "main");

  CHECK(s.read(&Runs::has_older, newer).value());
  CHECK(s.read(&Runs::has_older, queued).value());
  CHECK_FALSE(s.read(&Runs::has_older, waiting).value());
  for (const RunId other : others) CHECK_FALSE(s.read(&Runs::has_older, other).value());
  REQUIRE(s.write(&Runs::replace_older, newer, kNoon));
  CHECK(s.read(&Runs::get, waiting)->verdict == Verdict::superseded);
  CHECK(s.read(&Runs::get, queued)->verdict == Verdict::superseded);
  CHECK(s.read(&Runs::get, under_way)->superseded_by == newer);
  CHECK(s.read(&Runs::older_under_way, newer).value() == std::vector{under_way});
  for (const RunId other : others) CHECK_FALSE(s.read(&Runs::get, other)->cancel_requested);
  CHECK_FALSE(s.read(&Runs::get, newest)->cancel_requested);

  // The first wish counts.
  REQUIRE(s.write(&Runs::replace_older, newest, kNoon));
  CHECK(s.read(&Runs::get, under_way)->superseded_by == newer);
  REQUIRE(s.write(&Runs::finish, under_way, Verdict::cancelled, "", kNoon));
  CHECK(s.read(&Runs::older_under_way, newest)->empty());
  CHECK_FALSE(s.read(&Runs::has_older, newest).value());
}

TEST_CASE("a run without a key replaces nothing, nor does one that is to stop itself") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  Run run;
  run.project = project;
  const RunId keyless = s.write(&Runs::add, run).value();
  run.supersede_key = "main";
  const RunId older = s.write(&Runs::add, run).value();
  const RunId stopping = s.write(&Runs::add, run).value();
  REQUIRE(s.write(&Runs::prepare, stopping, kNoon));
  REQUIRE(s.write(&Runs::cancel, stopping, "ann", kNoon));
  REQUIRE(s.write(&Runs::replace_older, stopping, kNoon));
  run.supersede_key.clear();
  const RunId last = s.write(&Runs::add, run).value();
  REQUIRE(s.write(&Runs::replace_older, last, kNoon));
  CHECK(s.read(&Runs::get, keyless)->state == RunState::queued);
  CHECK(s.read(&Runs::get, older)->state == RunState::queued);
}

TEST_CASE("runs are listed newest first, filtered, and by pages") {
  TemporaryStore s;
  const ProjectId shop = add_project(s, "shop");
  const ProjectId blog = add_project(s, "blog");
  std::vector<RunId> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(add_run(s, shop, "aaaa000" + std::to_string(i)));
  const RunId other = add_run(s, blog, "aaaaffff");
  REQUIRE(s.write(&Runs::finish, ids[1], Verdict::failed, "", kNoon));

  RunFilter filter;
  filter.project = shop;
  filter.limit = 2;
  auto page = s.read(&Runs::list, filter).value();
  REQUIRE(page.items.size() == 2);
  CHECK(page.items[0].id == ids[4]);
  CHECK(page.items[1].id == ids[3]);
  filter.before = RunId(page.next);
  filter.limit = 3;
  page = s.read(&Runs::list, filter).value();
  REQUIRE(page.items.size() == 3);
  CHECK(page.items[0].id == ids[2]);
  CHECK(page.next == 0);

  RunFilter by_prefix;
  by_prefix.commit = "aaaaf";
  CHECK(s.read(&Runs::list, by_prefix)->items.at(0).id == other);
  by_prefix.commit = "aaaa";
  CHECK(s.read(&Runs::list, by_prefix)->items.size() == 6);
  by_prefix.commit = "aaa";
  CHECK(s.read(&Runs::list, by_prefix).error().kind == Error::Kind::invalid);

  RunFilter by_verdict;
  by_verdict.verdict = Verdict::failed;
  by_verdict.state = RunState::finished;
  by_verdict.event = Trigger::push;
  by_verdict.branch = "main";
  page = s.read(&Runs::list, by_verdict).value();
  REQUIRE(page.items.size() == 1);
  CHECK(page.items[0].id == ids[1]);
  CHECK(s.read(&Runs::unfinished)->size() == 5);
}

TEST_CASE("of a commit's runs the newest of each pull request counts, and of these the worst tells") {
  TemporaryStore s;
  int projects = 0;
  const std::vector<std::pair<Verdict, int>> from_best{
      {Verdict::skipped, 0},   {Verdict::passed, 1}, {Verdict::none, 2},  {Verdict::superseded, 3},
      {Verdict::cancelled, 3}, {Verdict::failed, 4}, {Verdict::error, 4}, {Verdict::interrupted, 4}};
  for (const auto& [older, rank] : from_best) {
    for (const auto& [newer, newer_rank] : from_best) {
      CAPTURE(name_of(older), name_of(newer));
      const ProjectId project = add_project(s, "shop-" + std::to_string(++projects));
      const RunId first = pull_run(s, project, 7, older);
      const RunId second = pull_run(s, project, 8, newer);
      CHECK(telling(s, project) == (rank > newer_rank ? first : second));
    }
  }
}

TEST_CASE("a rerun counts in the place of what it repeats, unless it was skipped") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId skipped = pull_run(s, project, 7, Verdict::skipped);
  CHECK(telling(s, project) == skipped);
  const RunId failed = pull_run(s, project, 7, Verdict::failed);
  CHECK(telling(s, project) == failed);
  pull_run(s, project, 7, Verdict::skipped);
  CHECK(telling(s, project) == failed);
  pull_run(s, project, 8, Verdict::passed);
  CHECK(telling(s, project) == failed);
  const RunId again = pull_run(s, project, 7, Verdict::passed);
  CHECK(telling(s, project) == again);
}

TEST_CASE("runs of other commits, events and projects tell nothing of a commit") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId pushed = add_run(s, project);
  REQUIRE(s.write(&Runs::finish, add_run(s, add_project(s, "blog")), Verdict::failed, "", kNoon));
  REQUIRE(s.write(&Runs::finish, add_run(s, project, "0123456789abcdee"), Verdict::failed, "", kNoon));
  const RunId pulled = pull_run(s, project, 7, Verdict::failed);
  CHECK(telling(s, project, Trigger::push) == pushed);
  CHECK(telling(s, project) == pulled);
  CHECK(s.read(&Runs::telling, project, "0123456789abcdef", Trigger::tag).error().kind == Error::Kind::not_found);
}

TEST_CASE("a job's attempts follow one another, and a finished job is not touched again") {
  TemporaryStore s;
  const RunId id = run_in(s, add_project(s), RunState::running);
  const JobKey unit(id, JobKind::run, "unit");
  CHECK(s.write(&Jobs::start_attempt, unit, 2, kNoon, kNoon).error().kind == Error::Kind::conflict);
  REQUIRE(s.write(&Jobs::block, unit, "the engine is out", kNoon));
  REQUIRE(s.write(&Jobs::unblock, unit, kNoon));
  REQUIRE(s.write(&Jobs::start_attempt, unit, 1, kNoon + Milliseconds(7), kNoon));
  CHECK(s.write(&Jobs::start_attempt, unit, 1, kNoon, kNoon).error().kind == Error::Kind::conflict);
  REQUIRE(s.write(&Jobs::start_attempt, unit, 2, kNoon + Milliseconds(8), kNoon + Milliseconds(1)));
  REQUIRE(s.write(&Jobs::stop, unit, "cancelled by ann", kNoon));
  REQUIRE(s.write(&Jobs::stop, unit, "out of time", kNoon));
  REQUIRE(s.write(&Jobs::finish, unit, Verdict::cancelled, "cancelled by ann", kNoon));
  CHECK(s.write(&Jobs::finish, unit, Verdict::passed, "", kNoon).error().kind == Error::Kind::conflict);
  CHECK(s.write(&Jobs::start_attempt, unit, 3, kNoon, kNoon).error().kind == Error::Kind::conflict);

  const auto jobs = s.read(&Jobs::list, id).value();
  REQUIRE(jobs.size() == 2);
  CHECK(jobs[0].kind == JobKind::build);
  CHECK(jobs[1].name == "unit");
  CHECK(jobs[1].attempt == 2);
  CHECK(jobs[1].stop_reason == "cancelled by ann");
  CHECK(jobs[1].started == kNoon);
  CHECK(jobs[1].deadline == kNoon + Milliseconds(8));
  CHECK(jobs[1].verdict == Verdict::cancelled);
}

TEST_CASE("a run of a project that was removed can't be added, its old runs stay") {
  TemporaryStore s;
  const ProjectId project = add_project(s);
  const RunId run = add_run(s, project);
  CHECK(s.write(&Projects::remove, project, kNoon).error().kind == Error::Kind::conflict);
  REQUIRE(s.write(&Runs::cancel, run, "ann", kNoon));
  REQUIRE(s.write(&Projects::remove, project, kNoon));
  Run late;
  late.project = project;
  CHECK(s.write(&Runs::add, late).error().kind == Error::Kind::not_found);
  CHECK(s.read(&Runs::get, run)->project == project);
  CHECK(s.read(&Projects::find, "shop").error().kind == Error::Kind::not_found);
  add_project(s, "shop");
}

TEST_CASE("an attempt that waits for people has no deadline, and its run takes no place until it goes on") {
  TemporaryStore s;
  const RunId run = run_in(s, add_project(s), RunState::running);
  const JobKey unit(run, JobKind::run, "unit");
  const Milliseconds left(700);
  CHECK_FALSE(s.write(&Jobs::hold, unit, "waits", left, kNoon));  // it has not begun
  REQUIRE(s.write(&Jobs::start_attempt, unit, 1, kNoon + Milliseconds(1000), kNoon));
  CHECK(s.read(&Jobs::idle_runs)->empty());
  REQUIRE(s.write(&Jobs::hold, unit, "waits for approval", left, kNoon));
  auto job = s.read(&Jobs::list, run).value()[1];
  CHECK(job.state == JobState::blocked);
  CHECK(job.reason == "waits for approval");
  CHECK_FALSE(job.deadline);
  CHECK(job.time_left == 700);
  CHECK(s.read(&Jobs::idle_runs).value() == std::vector{run});
  REQUIRE(s.write(&Jobs::release, unit, kNoon + Milliseconds(2000), kNoon + Milliseconds(9000), kNoon));
  job = s.read(&Jobs::list, run).value()[1];
  CHECK(job.state == JobState::running);
  CHECK(job.deadline == kNoon + Milliseconds(2000));
  CHECK(s.read(&Runs::get, run)->deadline == kNoon + Milliseconds(9000));
  CHECK(s.read(&Jobs::idle_runs)->empty());
  CHECK_FALSE(s.write(&Jobs::release, unit, kNoon, kNoon, kNoon));
}
